import { describe, expect, it } from 'vitest';
import { millis } from '../../../src/protocol/time.ts';
import type { LinePair } from '../../support/link-options.ts';
import { ACCESS, DEGRADE_LADDER, FAULTS } from '../../support/scenarios.ts';
import { Simulation } from '../../support/simulator.ts';
import { keyPair, RecordEnd } from './record-end.ts';

const LINES: [string, LinePair][] = [
  ...Object.entries(FAULTS),
  ...Object.entries(ACCESS),
  ...DEGRADE_LADDER.map(({ name, line }): [string, LinePair] => [name, line]),
];
const BYTES = 500_000;

describe('Connection over a line with', () => {
  it.each(LINES)('%s: every record arrives once and whole', (_name, line) => {
    const sim = new Simulation({ seed: 5 });
    const internet = sim.internet();
    const [aliceKeys, bobKeys] = keyPair(sim.random.fork('keys'));
    const aliceHost = internet.host('203.0.113.1', line);
    const bobHost = internet.host('203.0.113.2');
    const alice = new RecordEnd(
      { keys: aliceKeys, random: sim.random.fork('alice'), remote: bobHost.endpoint(2000) },
      BYTES,
      sim.now,
    );
    const bob = new RecordEnd(
      { keys: bobKeys, random: sim.random.fork('bob'), remote: aliceHost.endpoint(1000) },
      0,
      sim.now,
    );
    aliceHost.run(alice, { port: 1000 });
    bobHost.run(bob, { port: 2000 });
    expect(sim.run({ until: () => alice.isDone, within: millis(600_000) })).toBe(true);
    expect(bob.received).toBe(BYTES);
    expect([...alice.closed, ...bob.closed]).toEqual([]);
  });
});
