import { describe, expect, it } from 'vitest';
import { millis } from '../../../src/protocol/time.ts';
import { bothWays } from '../../support/scenarios.ts';
import { forEachSeed } from '../../support/seeds.ts';
import { Forger } from './forger.ts';
import { recordPair } from './record-pair.ts';

const LINE = bothWays({ rate: 4_000_000, delay: millis(15) });

describe('an attacker on the path who forges one packet in ten', () => {
  it('makes the transfer strict, a little slower, and nothing else', () => {
    const pair = recordPair({ seed: 11, bytes: 2_000_000, line: LINE });
    const forger = new Forger(pair.sim, 0.1);
    expect(pair.finish(60_000)).toBe(true);
    // Each record was compared byte by byte on arrival.
    expect(pair.bob.received).toBe(2_000_000);
    expect(pair.bob.strictChanges.map(({ active }) => active)).toEqual([true]);
    // Forged packets of the first round trips, then one by one in strict mode.
    expect(forger.counters.forged).toBeGreaterThan(100);
    const { forged = 0 } = pair.bob.connection.counters;
    expect(forged).toBeGreaterThan(70);
    // 2 MB take 4.2 s at the full rate; forgeries do not share the line with them here.
    expect(pair.sim.elapsed).toBeLessThan(7000);
    expect([...pair.alice.closed, ...pair.bob.closed]).toEqual([]);
  });

  it('never stops the transfer: in each half second something arrives', () => {
    const pair = recordPair({ seed: 12, bytes: 4_000_000, line: LINE });
    new Forger(pair.sim, 0.1);
    pair.sim.run({ within: millis(500) });
    for (let i = 1; i < 12; i += 1) {
      const before = pair.bob.received;
      pair.sim.run({ within: millis(500) });
      // An eighth of the line at the least.
      expect(pair.bob.received - before, `half second ${i}`).toBeGreaterThan(31_000);
    }
  });

  it('leaves no trace after a quiet while: slices travel in the open again', () => {
    const pair = recordPair({ seed: 13, bytes: 8_000_000, line: LINE });
    const forger = new Forger(pair.sim, 0.1);
    pair.sim.run({ within: millis(3000) });
    forger.chance = 0;
    const [began] = pair.bob.strictChanges;
    expect(
      pair.sim.run({ until: () => pair.bob.strictChanges.length > 1, within: millis(20_000) }),
    ).toBe(true);
    expect(pair.bob.strictChanges[1]).toEqual({ active: false, at: (began?.at ?? 0) + 10_000 });
    const { sealed, plain } = forger.counters;
    expect(sealed).toBeGreaterThan(3000);
    expect(pair.finish(30_000)).toBe(true);
    expect(forger.counters.plain - plain).toBeGreaterThan(1000);
    // A round trip's worth was under way.
    expect(forger.counters.sealed - sealed).toBeLessThan(100);
    expect(pair.bob.received).toBe(8_000_000);
  });
});

describe('an attacker who forges every packet', () => {
  forEachSeed(
    'cannot stop what is sent in either direction, from the first packet on',
    12,
    (seed) => {
      const line = bothWays({ rate: 4_000_000, delay: millis(15), loss: 0.02 });
      // One direction begins with a record of a single slice, as an offer is.
      const pair = recordPair({ seed, bytes: 500, back: 300_000, line });
      new Forger(pair.sim, 1);
      expect(pair.finish(60_000)).toBe(true);
      expect([pair.bob.received, pair.alice.received]).toEqual([500, 300_000]);
    },
  );

  forEachSeed('cannot silence a receiver that has nothing to acknowledge yet', 6, (seed) => {
    const pair = recordPair({ seed, bytes: 4000, line: LINE });
    // No record has a slice that could be acknowledged before it fails.
    pair.alice.recordBytes = 400;
    new Forger(pair.sim, 1).leadMs = 4;
    expect(pair.finish(5000)).toBe(true);
    expect(pair.bob.received).toBe(4000);
  });

  forEachSeed('cannot make a lossy, disorderly path lose a record for good', 12, (seed) => {
    const line = bothWays({
      rate: 8_000_000,
      delay: millis(15),
      loss: 0.05,
      reorder: { chance: 0.2, depth: 40, delay: millis(60) },
      duplicate: 0.1,
    });
    const pair = recordPair({ seed, bytes: 700_000, line });
    new Forger(pair.sim, seed % 2 === 0 ? 0.02 : 0.3);
    expect(pair.finish(120_000)).toBe(true);
    expect(pair.bob.received).toBe(700_000);
  });
});
