import { describe, expect, it } from 'vitest';
import { instant, millis } from '../../../../src/protocol/time.ts';
import { Bbr } from '../../../../src/protocol/transport/congestion/bbr.ts';
import { bothWays } from '../../../support/scenarios.ts';
import { SeededRandom } from '../../../support/seeded-random.ts';
import { START } from '../history.ts';
import { recordPair } from '../record-pair.ts';

function bbr(rtt: number): Bbr {
  const options = { random: new SeededRandom(1), packetBytes: 1200, rtt: millis(rtt) };
  return new Bbr(options, instant(START));
}

describe('Bbr on a bottleneck', () => {
  it('finds 10 Mbit/s behind 40 ms within a tenth, and keeps little in the queue', () => {
    const congestion = new Bbr(
      { random: new SeededRandom(1), packetBytes: 1200, rtt: millis(100) },
      // The origin of simulations.
      instant(7_654_321),
    );
    const line = bothWays({ rate: 10_000_000, delay: millis(15), queue: 100_000 });
    const pair = recordPair({ seed: 8, bytes: 8_000_000, line, alice: { congestion } });
    const rates: number[] = [];
    pair.sim.run({ within: millis(2000) });
    const queued = pair.aliceHost.line.up.counters.queueFull;
    for (let i = 0; i < 40; i += 1) {
      pair.sim.run({ within: millis(100) });
      // Megabits a second; the margin of one per cent is part of the rate.
      if (congestion.phase === 'cruise') rates.push((8 * congestion.pacingRate) / 1000);
    }
    expect(rates.length).toBeGreaterThan(10);
    expect(Math.min(...rates)).toBeGreaterThan(9);
    expect(Math.max(...rates)).toBeLessThan(11);
    expect(pair.aliceHost.line.up.counters.queueFull - queued).toBe(0);
  });

  it('keeps 85 % of 20 Mbit/s over 10 MB with a random loss of 2 %', () => {
    const line = bothWays({ rate: 20_000_000, delay: millis(15), queue: 60_000, loss: 0.02 });
    const pair = recordPair({ seed: 9, bytes: 10_000_000, line });
    expect(pair.finish(30_000)).toBe(true);
    // 4 s at the full rate, headers and lost packets included.
    expect(pair.sim.elapsed).toBeLessThan(4000 / 0.85);
  });
});

describe('Bbr on a long path with a random loss of 2 %', () => {
  // The queue that start-up had left held the window at 0.7 of what the path takes for 3 s; in seeds 3
  // and 6 so did, later on, the queue of a probe for bandwidth.
  it.each([1, 2, 3, 6])('carries 100 MB at 0.84 of 50 Mbit/s, start included, seed %i', (seed) => {
    const line = bothWays({ rate: 50_000_000, delay: millis(90), queue: 1_250_000, loss: 0.02 });
    const pair = recordPair({ seed, bytes: 100_000_000, line });
    expect(pair.finish(30_000)).toBe(true);
    expect(pair.sim.elapsed).toBeLessThan(16_000 / 0.84);
  });
});

describe('Bbr itself', () => {
  it('starts with 32 packets, paced over the round trip', () => {
    const one = bbr(50);
    expect([one.window, one.phase]).toEqual([32 * 1200, 'startup']);
    expect(one.pacingRate).toBeCloseTo((2.77 * 32 * 1200) / 50, 6);
  });

  it.each([
    ['nothing is lost', 0, 50, 0],
    ['1 % is lost by chance', 0.01, 50, 0.01],
    ['more is lost than is tolerated', 0.1, 50, 0.02],
    ['it is lost behind a queue', 0.01, 100, 0],
  ])('paces for what arrives, where %s', (_, loss, rtt, madeUp) => {
    const one = bbr(50);
    feed(one, 80);
    // Not while the bandwidth is probed for.
    for (let round = 81; round < 150 || one.phase !== 'cruise'; round += 1) {
      feed(one, 1, { first: round, rtt, loss });
    }
    expect(one.pacingRate / (0.99 * 1000)).toBeCloseTo(1 / (1 - madeUp), 3);
  });

  it('takes more of a queue that somebody else keeps, once it has been bounded', () => {
    const one = bbr(50);
    // Now and then the queue is empty, so the shortest round trip is known all the time.
    const shared = (round: number) => ({ first: round, rtt: round % 60 === 0 ? 50 : 100 });
    feed(one, 80);
    for (let round = 81; round < 90; round += 1) {
      feed(one, 1, { ...shared(round), loss: 0.1, inFlight: 60_000 });
    }
    const bounded = one.window;
    expect(bounded).toBeLessThan(60_000);
    for (let round = 90; round < 400; round += 1) {
      feed(one, 1, { ...shared(round), inFlight: one.window });
    }
    expect(one.window).toBeGreaterThan(1.5 * bounded);
  });

  it('looks for the shortest round trip only while none of late confirms it', () => {
    for (const [rtt, looks] of [
      [50.7, false],
      [53, true],
    ] as const) {
      const one = bbr(50);
      feed(one, 40);
      const phases = new Set<string>();
      for (let round = 41; round < 200; round += 1) {
        feed(one, 1, { first: round, rtt });
        phases.add(one.phase);
      }
      expect(phases.has('probe-rtt'), `${rtt} ms`).toBe(looks);
    }
  });

  it('starts over on another path, and after persistent congestion', () => {
    for (const restart of ['path', 'congestion'] as const) {
      const one = bbr(50);
      feed(one, 60);
      expect(one.phase).not.toBe('startup');
      const now = instant(START + 9000);
      if (restart === 'path') one.onPathChange(millis(80), now);
      else one.onPersistentCongestion(now);
      expect([one.phase, one.window]).toEqual(['startup', 32 * 1200]);
    }
  });
});

describe('Bbr whose probe loses what was too much', () => {
  /** In a cruise after such a probe, of a path of so many milliseconds; and the next round to come. */
  function probed(rtt: number): { one: Bbr; round: number } {
    const one = bbr(rtt);
    const path = { rtt, bytes: 1000 * rtt, inFlight: 1000 * rtt };
    feed(one, 80, path);
    let round = 81;
    for (; one.phase !== 'up' && round < 300; round += 1) feed(one, 1, { ...path, first: round });
    for (; one.phase === 'up' && round < 300; round += 1) {
      feed(one, 1, { ...path, first: round, loss: 0.2 });
    }
    expect(one.phase).toBe('cruise');
    feed(one, 3, { ...path, first: round });
    return { one, round: round + 3 };
  }

  it('holds to what arrived, and to less once others seem to be there', () => {
    const { one, round } = probed(50);
    const { window } = one;
    expect(window).toBeLessThanOrEqual(50_000);
    feed(one, 1, { first: round, loss: 0.01 });
    expect(one.window / window).toBeCloseTo(0.8, 3);
  });

  it('believes no loss of a path so short that its pacer may be what overflowed it', () => {
    expect(probed(15).one.window).toBeLessThanOrEqual(15_000);
    expect(probed(14).one.window).toBeGreaterThan(2 * 14_000);
  });
});

/** Acknowledges `rounds` rounds of a path of 1,000 bytes a millisecond and 50 ms. */
function feed(
  one: Bbr,
  rounds: number,
  { first = 1, rtt = 50, loss = 0, inFlight = 100_000, bytes = 50_000 } = {},
): void {
  for (let round = first; round < first + rounds; round += 1) {
    one.onAck({
      now: instant(START + 50 * round),
      acked: bytes * (1 - loss),
      lost: bytes * loss,
      inFlight: bytes,
      priorInFlight: inFlight,
      delivered: bytes * round,
      priorDelivered: bytes * (round - 1),
      rate: 1000,
      appLimited: false,
      rtt: millis(rtt),
    });
  }
}
