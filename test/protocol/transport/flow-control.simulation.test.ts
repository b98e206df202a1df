import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { instant, millis } from '../../../src/protocol/time.ts';
import { bothWays } from '../../support/scenarios.ts';
import { type Pair, recordPair } from './record-pair.ts';
import { talkativePeer } from './talkative-peer.ts';

const WINDOW = 2_000_000;
const LINE = { rate: 40_000_000, delay: millis(15) };

/** A transfer of 6 MB to a receiver that stops to release after a while, until it holds its window. */
function stalled(seed: number): Pair {
  const pair = recordPair({
    seed,
    bytes: 6_000_000,
    line: bothWays(LINE),
    bob: { windowBytes: WINDOW },
  });
  pair.sim.run({ within: millis(300) });
  pair.bob.releases = false;
  pair.sim.run({ within: millis(3000) });
  return pair;
}

function release(pair: Pair): void {
  pair.bob.releaseAll(pair.sim.now);
  pair.bobHost.poke();
}

describe('a receiver that stops to release', () => {
  it('never holds more than its window, and the sender keeps quiet', () => {
    const pair = stalled(51);
    const { held, received } = pair.bob;
    expect(held).toBeLessThanOrEqual(WINDOW);
    expect(held).toBeGreaterThan(WINDOW - 200_000);
    const { sent } = pair.aliceHost.counters;
    pair.sim.run({ within: millis(10_000) });
    expect(pair.bob.received).toBe(received);
    // A ping each half second, nothing else.
    expect(pair.aliceHost.counters.sent - sent).toBeLessThanOrEqual(20);
  });

  it('gets the rest at once when it goes on', () => {
    const pair = stalled(52);
    release(pair);
    const start = pair.sim.elapsed;
    expect(pair.finish(10_000)).toBe(true);
    expect(pair.sim.elapsed - start).toBeLessThan(2000);
  });

  it('gets the rest although each ACK that grants new credit is lost at first', () => {
    const pair = stalled(53);
    pair.bobHost.line.up.change({ ...LINE, loss: 1 });
    release(pair);
    pair.sim.run({ within: millis(100) });
    pair.bobHost.line.up.change(LINE);
    const start = pair.sim.elapsed;
    expect(pair.finish(10_000)).toBe(true);
    // The sender asks each half second.
    expect(pair.sim.elapsed - start).toBeLessThan(2500);
  });

  it('can do so again and again on any lossy line: no credit is ever lost for good', () => {
    fc.assert(
      fc.property(
        fc.nat(),
        fc.double({ min: 0, max: 0.4, noNaN: true }),
        fc.array(fc.integer({ min: 10, max: 900 }), { maxLength: 6 }),
        (seed, loss, pauses) => {
          const line = bothWays({ ...LINE, loss });
          const options = { seed, bytes: 1_500_000, line, bob: { windowBytes: 1_100_000 } };
          const pair = recordPair(options);
          pair.alice.recordBytes = 20_000;
          for (const pause of pauses) {
            pair.bob.releases = !pair.bob.releases;
            if (pair.bob.releases) release(pair);
            pair.sim.run({ within: millis(pause) });
          }
          release(pair);
          expect(pair.finish(60_000)).toBe(true);
        },
      ),
      { numRuns: 12 },
    );
  });
});

describe('a sender without credit', () => {
  it('asks after half a second, and again after each probe timeout, in the moment it is due', () => {
    const peer = talkativePeer(40);
    const sent = peer.sent(peer.now);
    peer.ack(sent, instant(peer.now + 50), 16);
    expect([sent, peer.sent(instant(peer.now + 50))]).toEqual([16, 0]);
    const { connection } = peer;
    const sendings: number[] = [];
    while (sendings.length < 4) {
      const at = connection.pollTimeout() ?? instant(Infinity);
      connection.handleTimeout(at);
      for (let i = peer.sent(at); i > 0; i -= 1) sendings.push(at - peer.now);
    }
    // Blocked since the start; smoothed 50, variation 25 and 10 ms make a probe timeout of 160.
    expect(sendings).toEqual([500, 660, 980, 1000]);
  });
});
