import { describe, expect, it } from 'vitest';
import { millis } from '../../../src/protocol/time.ts';
import { bothWays } from '../../support/scenarios.ts';
import { type Pair, recordPair } from './record-pair.ts';

const MEGABYTE = 1_000_000;

/** Sends over another line from now on, whose round trip both ends have measured. */
function changePath(pair: Pair, rate: number, oneWayMs: number): void {
  const line = { rate, delay: millis(oneWayMs), queue: 500_000 };
  pair.aliceHost.line.up.change(line);
  pair.aliceHost.line.down.change(line);
  const rtt = millis(2 * oneWayMs + 10);
  pair.alice.connection.usePath(pair.bobHost.endpoint(2000), rtt, pair.sim.now);
  pair.bob.connection.usePath(pair.aliceHost.endpoint(1000), rtt, pair.sim.now);
}

/** Megabits a second that arrive at Bob during the next `ms`. */
function goodput(pair: Pair, ms: number): number {
  const before = pair.bob.received;
  pair.sim.run({ within: millis(ms) });
  return ((pair.bob.received - before) * 8) / (1000 * ms);
}

describe('a path that changes under way', () => {
  it('is used at its full rate soon, although it is far longer than the one before', () => {
    const line = bothWays({ rate: 20_000_000, delay: millis(5), queue: 60_000 });
    const pair = recordPair({ seed: 3, bytes: 8 * MEGABYTE, line });
    pair.sim.run({ within: millis(1500) });
    changePath(pair, 20_000_000, 100);
    pair.sim.run({ within: millis(1500) });
    // Headers and IP leave 19 of 20 Mbit/s.
    expect(goodput(pair, 1500)).toBeGreaterThan(14);
    expect(pair.finish(30_000)).toBe(true);
  });

  it('is not flooded, although it is far slower than the one before', () => {
    const line = bothWays({ rate: 50_000_000, delay: millis(15), queue: 200_000 });
    const pair = recordPair({ seed: 4, bytes: 6 * MEGABYTE, line });
    pair.sim.run({ within: millis(600) });
    const { lost: start = 0 } = pair.alice.connection.counters;
    changePath(pair, 2_000_000, 20);
    pair.sim.run({ within: millis(1500) });
    expect(goodput(pair, 3000)).toBeGreaterThan(1.5);
    // Less than what one queue of 500,000 bytes holds.
    const { lost = Infinity } = pair.alice.connection.counters;
    expect(lost - start).toBeLessThan(400);
  });

  it('may be dead before it changes: what was in flight is sent again', () => {
    const line = bothWays({ rate: 20_000_000, delay: millis(15) });
    const pair = recordPair({ seed: 5, bytes: 4 * MEGABYTE, line });
    pair.sim.run({ within: millis(700) });
    pair.aliceHost.line.up.change({ loss: 1 });
    pair.sim.run({ within: millis(3000) });
    changePath(pair, 20_000_000, 15);
    const before = pair.bob.received;
    pair.sim.run({ within: millis(1000) });
    expect(pair.bob.received).toBeGreaterThan(before);
    expect(pair.finish(10_000)).toBe(true);
  });
});

describe('a blackout of 10 s', () => {
  it('is over for a transfer of 20 MB within 3 s of its end', () => {
    const line = bothWays({
      rate: 10_000_000,
      delay: millis(15),
      blackouts: [[millis(4_000), millis(14_000)]],
    });
    const pair = recordPair({ seed: 6, bytes: 20 * MEGABYTE, line });
    pair.sim.run({ within: millis(14_000) });
    const before = pair.bob.received;
    expect(before).toBeLessThan(5.5 * MEGABYTE);
    const { bob } = pair;
    expect(pair.sim.run({ until: () => bob.received > before, within: millis(3000) })).toBe(true);
    expect(goodput(pair, 3000)).toBeGreaterThan(6);
    expect(pair.finish(30_000)).toBe(true);
    expect([...pair.alice.closed, ...pair.bob.closed]).toEqual([]);
  });
});

describe('traffic in both directions at once', () => {
  it('arrives whole, at a good rate each way', () => {
    const line = bothWays({ rate: 20_000_000, delay: millis(15), loss: 0.005 });
    const pair = recordPair({ seed: 7, bytes: 3 * MEGABYTE, back: 3 * MEGABYTE, line });
    expect(pair.finish(30_000)).toBe(true);
    expect([pair.alice.received, pair.bob.received]).toEqual([3 * MEGABYTE, 3 * MEGABYTE]);
    // 3 MB at 20 Mbit/s take 1.2 s; half of the rate would take 2.5 s.
    expect(pair.sim.elapsed).toBeLessThan(2500);
  });
});
