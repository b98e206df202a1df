import { millis } from '../../src/protocol/time.ts';
import type { Host } from './host.ts';
import { burstLoss, type LinePair, type LinkOptions } from './link-options.ts';
import type { NatOptions } from './nat.ts';
import type { Internet } from './network.ts';

// The line of the QUIC interop runner: 10 Mbit/s, 15 ms one way, 25 packets of queue.
const ORDINARY: LinkOptions = { rate: 10_000_000, delay: millis(15), queue: 25 * 1500 };

/** The same properties in both directions. */
export function bothWays(options: LinkOptions): LinePair {
  return { up: options, down: options };
}

/** Single faults on an ordinary line, each in both directions. */
export const FAULTS = {
  ordinary: bothWays(ORDINARY),
  'loss of 2 %': bothWays({ ...ORDINARY, loss: 0.02 }),
  'loss of 10 %': bothWays({ ...ORDINARY, loss: 0.1 }),
  'loss of 30 %': bothWays({ ...ORDINARY, loss: 0.3 }),
  'bursts of loss': bothWays({ ...ORDINARY, burst: burstLoss(0.05, 8) }),
  'reordering by 64 packets': bothWays({
    ...ORDINARY,
    reorder: { chance: 0.1, depth: 64, delay: millis(100) },
  }),
  'duplicates of 10 %': bothWays({ ...ORDINARY, duplicate: 0.1 }),
  'corruption of 2 %': bothWays({ ...ORDINARY, corrupt: 0.02 }),
  'corruption of 30 %': bothWays({ ...ORDINARY, corrupt: 0.3 }),
  'round trip of 1.5 s': bothWays({ ...ORDINARY, delay: millis(750) }),
  'blackout of 10 s': bothWays({ ...ORDINARY, blackouts: [[millis(2_000), millis(12_000)]] }),
  'blackouts of 2 s after every 5 s': bothWays({ ...ORDINARY, blackouts: everySevenSeconds(100) }),
} as const satisfies Record<string, LinePair>;

/** Kinds of access lines, typical figures; up is towards the internet. */
export const ACCESS = {
  wifi: {
    up: { rate: 40_000_000, delay: millis(4), jitter: millis(6), burst: burstLoss(0.005, 3) },
    down: { rate: 60_000_000, delay: millis(4), jitter: millis(6), burst: burstLoss(0.005, 3) },
  },
  cellular: {
    up: { rate: 8_000_000, delay: millis(30), jitter: millis(20), loss: 0.005, queue: 500_000 },
    down: {
      rate: 30_000_000,
      delay: millis(30),
      jitter: millis(20),
      loss: 0.005,
      queue: 1_500_000,
    },
  },
  satellite: {
    up: { rate: 3_000_000, delay: millis(300), jitter: millis(10), loss: 0.01, queue: 400_000 },
    down: {
      rate: 25_000_000,
      delay: millis(300),
      jitter: millis(10),
      loss: 0.01,
      queue: 2_000_000,
    },
  },
} as const satisfies Record<string, LinePair>;

/** iroh's ladder of ever worse lines, mildest first, each in both directions (`security.md` 8.1). */
export const DEGRADE_LADDER: readonly { readonly name: string; readonly line: LinePair }[] = [
  rung(100, 16, 0.1, 1),
  rung(25, 40, 1, 6),
  rung(8, 90, 2, 8),
  rung(3, 200, 3, 10),
  rung(1.5, 300, 5, 12),
  rung(0.8, 450, 8, 20),
  rung(25, 600, 1.5, 6),
  rung(0.5, 450, 12, 25),
  rung(0.256, 800, 25, 40),
];

/** Where a host stands: behind a NAT, or without one at the public address itself. */
export interface Site {
  readonly nat: NatOptions | undefined;
  readonly publicAddress: string;
  readonly privateAddress: string;
  /** The line of the site to the internet. */
  readonly line?: LinePair;
}

/** Puts a host on the internet. For matrices over `NAT`, `none` included. */
export function hostAt(internet: Internet, site: Site): Host {
  const { nat, publicAddress, privateAddress, line } = site;
  if (nat === undefined) return internet.host(publicAddress, line);
  return internet.nat(publicAddress, nat, line).host(privateAddress);
}

function rung(megabits: number, rtt: number, lossPercent: number, meanBurst: number) {
  const name = `${megabits} Mbit/s, RTT ${rtt} ms, loss ${lossPercent} % in bursts of ${meanBurst}`;
  const line = bothWays({
    rate: megabits * 1_000_000,
    delay: millis(rtt / 2),
    burst: burstLoss(lossPercent / 100, meanBurst),
  });
  return { name, line };
}

function everySevenSeconds(times: number) {
  return Array.from({ length: times }, (_, index) => {
    const start = 7_000 * index + 5_000;
    return [millis(start), millis(start + 2_000)] as const;
  });
}
