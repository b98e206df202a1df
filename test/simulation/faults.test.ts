import { describe, expect, it } from 'vitest';
import { millis } from '../../src/protocol/time.ts';
import {
  runServer,
  SimulatedReceiver,
  SimulatedSender,
  testFile,
} from '../protocol/session/simulated-peers.ts';
import type { LinePair } from '../support/link-options.ts';
import { NAT } from '../support/nat.ts';
import { FAULTS, hostAt } from '../support/scenarios.ts';
import { forEachSeed } from '../support/seeds.ts';
import { Simulation } from '../support/simulator.ts';

/** Long enough that nothing which goes on can be taken for a stall, in virtual time. */
const PATIENCE = millis(300_000);
/** A rotating sample of seeds; `npm run soak` tries a thousand of each. */
const SEEDS = 8;

describe('a whole transfer, from the code to the goodbye, over a line with', () => {
  for (const [name, line] of Object.entries(FAULTS)) {
    // A blackout has to fall into the transfer, which must therefore last.
    const bytes = name.startsWith('blackout') ? 4_000_000 : 700_000;
    forEachSeed(`${name} ends with equal bytes`, SEEDS, (seed) => {
      transfer(seed, line, bytes);
    });
  }
});

describe('seeds that failed once', () => {
  // One burst took 25 messages of the rendezvous in a row, because it did not end in time.
  it('seed 909, bursts of loss', () => {
    transfer(909, FAULTS['bursts of loss'], 700_000);
  });

  // VERIFIED was lost for 15 s, then the receiver left: the sender took its goodbye for a failure.
  it('seed 2078262457, corruption of 30 %', () => {
    transfer(2078262457, FAULTS['corruption of 30 %'], 700_000);
  });
});

describe('the handshake under 30 % loss', () => {
  forEachSeed('ends in a session, and spends one attempt', SEEDS, (seed) => {
    const { sender } = transfer(seed, FAULTS['loss of 30 %'], 1);
    expect(sender.events.filter(({ kind }) => kind === 'wrong-code')).toEqual([]);
    expect(sender.events.filter(({ kind }) => kind === 'joined')).toHaveLength(1);
  });
});

function transfer(seed: number, line: LinePair, bytes: number): { sender: SimulatedSender } {
  const sim = new Simulation({ seed });
  const internet = sim.internet();
  const server = runServer(sim, internet.host('203.0.113.1'));
  const nat = NAT.portRestricted;
  const home = hostAt(internet, {
    nat,
    publicAddress: '198.51.100.10',
    privateAddress: '10.0.1.2',
    line,
  });
  const office = hostAt(internet, {
    nat,
    publicAddress: '192.0.2.10',
    privateAddress: '10.0.2.2',
    line: FAULTS.ordinary,
  });
  const file = testFile(sim, bytes);
  const sender = new SimulatedSender(sim, home, file, { server });
  sim.run({
    until: () => sender.code !== undefined || sender.failure !== undefined,
    within: PATIENCE,
  });
  if (sender.code === undefined) throw new Error(`no code: ${sender.failure}`);
  const receiver = new SimulatedReceiver(sim, office, sender.code, { server });
  const isOver = () => sender.ended && receiver.ended;
  expect(sim.run({ until: isOver, within: PATIENCE })).toBe(true);
  expect([sender.failure, receiver.failure]).toEqual([undefined, undefined]);
  expect(Buffer.compare(receiver.file, file)).toBe(0);
  return { sender };
}
