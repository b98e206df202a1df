import { describe, expect } from 'vitest';
import { millis } from '../../src/protocol/time.ts';
import {
  runServer,
  SimulatedReceiver,
  SimulatedSender,
  testFile,
} from '../protocol/session/simulated-peers.ts';
import type { LinePair } from '../support/link-options.ts';
import { NAT, type NatOptions } from '../support/nat.ts';
import { bothWays, hostAt } from '../support/scenarios.ts';
import { forEachSeed } from '../support/seeds.ts';
import { Simulation } from '../support/simulator.ts';
import { SERVER_ADDRESS, SLOW_LINE } from './scene.ts';

/** Some twenty seconds on the slow line: the direct path comes in the middle of it. */
const BYTES = 5_000_000;
const SEEDS = 2;

const NATS = {
  strict: NAT.portRestricted,
  counting: { ...NAT.symmetric, allocation: 'sequential' },
  random: NAT.symmetric,
} as const satisfies Record<string, NatOptions>;

describe('a transfer that starts relayed becomes direct behind NATs that are', () => {
  for (const [from, to, within] of [
    ['strict', 'counting', 2000],
    ['counting', 'strict', 2000],
    ['counting', 'counting', 2000],
    ['strict', 'random', 5000],
    ['random', 'strict', 5000],
  ] as const) {
    forEachSeed(`${from} and ${to}: within ${within} ms`, SEEDS, (seed) => {
      const { sender, receiver } = transfer(seed, NATS[from], NATS[to]);
      for (const peer of [sender, receiver]) {
        expect(peer.paths[0]).toBe('relay');
        const direct = peer.timeOf((event) => event.kind === 'path' && event.path.kind !== 'relay');
        expect(direct - peer.timeOf('joined')).toBeLessThan(within);
        expect(peer.paths.at(-1)).not.toBe('relay');
      }
    });
  }
});

describe('routers that take in what arrives uninvited', () => {
  // The faster a network, the less lead has an opener over what follows it.
  for (const delayMs of [0.05, 5, 100]) {
    for (const [from, to] of [
      [NAT.openRouter, NAT.openRouter],
      [NAT.openRouter, NAT.portRestricted],
      [NAT.portRestricted, NAT.openRouter],
    ] as const) {
      const pair = [from, to]
        .map((nat) => (nat === NAT.openRouter ? 'open' : 'strict'))
        .join(' and ');
      forEachSeed(`${pair}: are punched, ${delayMs} ms from the server`, SEEDS, (seed) => {
        const line = bothWays({ rate: 2_000_000, delay: millis(delayMs) });
        const { sender, receiver } = transfer(seed, from, to, { line, bytes: 500_000 });
        expect([sender.paths.at(-1), receiver.paths.at(-1)]).toEqual(['srflx', 'srflx']);
      });
    }
  }
});

describe('a sender that has waited for an hour', () => {
  forEachSeed('is found behind a NAT that has counted on meanwhile', SEEDS, (seed) => {
    const { sender } = transfer(seed, NATS.counting, NATS.strict, { waitMs: 3_600_000 });
    const direct = sender.timeOf((event) => event.kind === 'path' && event.path.kind !== 'relay');
    expect(direct - sender.timeOf('joined')).toBeLessThan(2000);
  });
});

interface TransferOptions {
  readonly waitMs?: number;
  readonly line?: LinePair;
  readonly bytes?: number;
}

function transfer(seed: number, from: NatOptions, to: NatOptions, options: TransferOptions = {}) {
  const { waitMs = 0, line = SLOW_LINE, bytes = BYTES } = options;
  const sim = new Simulation({ seed });
  const internet = sim.internet();
  const server = runServer(sim, internet.host(SERVER_ADDRESS));
  const ofSender = { publicAddress: '198.51.100.10', privateAddress: '10.0.1.2' };
  const ofReceiver = { publicAddress: '192.0.2.10', privateAddress: '10.0.2.2' };
  const home = hostAt(internet, { nat: from, ...ofSender, line });
  const office = hostAt(internet, { nat: to, ...ofReceiver, line });
  const file = testFile(sim, bytes);
  const sender = new SimulatedSender(sim, home, file, { server });
  sim.run({ until: () => sender.code !== undefined, within: millis(10_000) });
  if (sender.code === undefined) throw new Error(`no code: ${sender.failure}`);
  sim.run({ within: millis(waitMs) });
  const receiver = new SimulatedReceiver(sim, office, sender.code, { server });
  const isOver = () => sender.ended && receiver.ended;
  expect(sim.run({ until: isOver, within: millis(300_000) })).toBe(true);
  expect([sender.failure, receiver.failure]).toEqual([undefined, undefined]);
  expect(Buffer.compare(receiver.file, file)).toBe(0);
  return { sender, receiver };
}
