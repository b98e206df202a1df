import { describe, expect } from 'vitest';
import { millis } from '../../src/protocol/time.ts';
import type { Endpoint } from '../../src/protocol/wire/endpoint.ts';
import { NAT } from '../support/nat.ts';
import { forEachSeed } from '../support/seeds.ts';
import { isProbe } from './packets.ts';
import { Scene, SERVER_ADDRESS } from './scene.ts';

const SEEDS = 3;

/** What a peer that holds the keys may not make us send to (security.md §9, candidates). */
const FORBIDDEN: readonly Endpoint[] = [
  { address: '127.0.0.1', port: 7000 },
  { address: '0.0.0.0', port: 7000 },
  { address: '224.0.0.1', port: 7000 },
  { address: '255.255.255.255', port: 7000 },
  { address: '169.254.169.254', port: 7000 },
  { address: '100.100.100.200', port: 7000 },
  { address: '198.51.100.98', port: 53 },
  { address: '10.0.9.9', port: 7000 },
  { address: '10.0.1.255', port: 7000 },
  { address: '10.0.2.255', port: 7000 },
];
const VICTIM: Endpoint = { address: '198.51.100.99', port: 7000 };

/** docs/protocol-paths.md: some 40 probes in 30 s, and one in 5 s after that. */
const PROBES_IN_A_MINUTE = 50;

describe('a peer that names the addresses of others', () => {
  for (const hostile of ['sender', 'receiver'] as const) {
    forEachSeed(`makes nobody send there but probes to public ones: ${hostile}`, SEEDS, (seed) => {
      // Only relayed, so that checks go on for as long as they ever do.
      const scene = new Scene(seed, { homeNat: NAT.symmetric, officeNat: NAT.symmetric });
      const traffic = new Destinations(scene);
      const lies = { localEndpoints: [...FORBIDDEN, VICTIM] };
      const wait = { onOffer: () => undefined };
      const { receiver } =
        hostile === 'sender' ? scene.meet(lies, wait) : scene.meet({}, { ...lies, ...wait });
      scene.runFor(60_000);
      expect(receiver.find('offer')).toBeDefined();
      expect(FORBIDDEN.map((endpoint) => traffic.to(endpoint))).toEqual(FORBIDDEN.map(() => 0));
      expect(traffic.to(VICTIM)).toBeGreaterThan(0);
      expect(traffic.to(VICTIM)).toBeLessThanOrEqual(PROBES_IN_A_MINUTE);
      expect(traffic.otherThanProbes(VICTIM)).toBe(0);
    });
  }

  forEachSeed('cannot pass the relay off as a direct path', SEEDS, (seed) => {
    const scene = new Scene(seed, { homeNat: NAT.symmetric, officeNat: NAT.symmetric });
    const relay = { address: SERVER_ADDRESS, port: 9420 };
    const meeting = scene.meet({ localEndpoints: [relay] });
    scene.expectTransfer(meeting);
    expect(meeting.receiver.paths).toEqual(['relay']);
  });

  forEachSeed('is not believed when it says that everything is local', SEEDS, (seed) => {
    const scene = new Scene(seed);
    const neighbours = Array.from({ length: 16 }, (_, n) => ({
      address: `192.168.${n}.1`,
      port: 7000,
    }));
    const traffic = new Destinations(scene);
    scene.expectTransfer(scene.meet({ localEndpoints: neighbours }));
    for (const neighbour of neighbours) expect(traffic.to(neighbour)).toBe(0);
  });

  forEachSeed('ends with its connection: nothing follows an abort', SEEDS, (seed) => {
    const scene = new Scene(seed);
    const traffic = new Destinations(scene);
    const { receiver } = scene.meet({ localEndpoints: [VICTIM] }, { onOffer: () => undefined });
    scene.runUntil(() => receiver.find('offer') !== undefined);
    receiver.abort('P2P_CANCELLED');
    scene.runUntil(() => receiver.gone, millis(5000));
    receiver.stop();
    const before = traffic.to(VICTIM);
    scene.runFor(60_000);
    expect(traffic.to(VICTIM)).toBe(before);
  });
});

/** Counts the datagrams on the internet by where they go; what no LAN has goes there as well. */
class Destinations {
  readonly #packets = new Map<string, number>();
  readonly #others = new Map<string, number>();

  constructor(scene: Scene) {
    scene.sim.tap(({ to, payload }) => {
      count(this.#packets, to);
      if (!isProbe(payload)) count(this.#others, to);
      return 'pass';
    });
  }

  to(endpoint: Endpoint): number {
    return this.#packets.get(keyOf(endpoint)) ?? 0;
  }

  otherThanProbes(endpoint: Endpoint): number {
    return this.#others.get(keyOf(endpoint)) ?? 0;
  }
}

function count(counts: Map<string, number>, to: Endpoint): void {
  counts.set(keyOf(to), (counts.get(keyOf(to)) ?? 0) + 1);
}

function keyOf({ address, port }: Endpoint): string {
  return `${address} ${port}`;
}
