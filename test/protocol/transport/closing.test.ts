import { describe, expect, it } from 'vitest';
import { millis } from '../../../src/protocol/time.ts';
import { bothWays } from '../../support/scenarios.ts';
import { type Pair, recordPair } from './record-pair.ts';

const LINE = bothWays({ rate: 10_000_000, delay: millis(15) });
// Here packets are still under way when a CLOSE may be repeated.
const SLOW = bothWays({ rate: 10_000_000, delay: millis(150) });

function run(pair: Pair, ms: number): void {
  pair.sim.run({ within: millis(ms) });
}

function close(pair: Pair, name: 'alice' | 'bob', code: number, reason: string): void {
  pair[name].connection.close(code, reason);
  (name === 'alice' ? pair.aliceHost : pair.bobHost).poke();
}

describe('closing', () => {
  it('is told to the peer with code and reason, once', () => {
    const pair = recordPair({ seed: 31, bytes: 100_000, line: LINE });
    expect(pair.finish(5000)).toBe(true);
    close(pair, 'alice', 17, 'enough');
    const sent = pair.aliceHost.counters.sent;
    run(pair, 5000);
    expect(pair.bob.closed).toEqual([{ kind: 'closed', by: 'peer', code: 17, reason: 'enough' }]);
    expect(pair.alice.closed).toEqual([]);
    expect(pair.aliceHost.counters.sent - sent).toBe(1);
  });

  it('is answered with one of the other side, and that with none', () => {
    const pair = recordPair({ seed: 35, bytes: 100_000, line: LINE });
    expect(pair.finish(5000)).toBe(true);
    close(pair, 'alice', 0, 'all there');
    const sent = pair.aliceHost.counters.sent + pair.bobHost.counters.sent;
    pair.sim.run({ until: () => pair.bob.closed.length > 0, within: millis(1000) });
    close(pair, 'bob', 0, 'indeed');
    run(pair, 5000);
    expect(pair.alice.closed).toEqual([{ kind: 'closed', by: 'peer', code: 0, reason: 'indeed' }]);
    expect(pair.aliceHost.counters.sent + pair.bobHost.counters.sent - sent).toBe(2);
  });

  it('is told again, at most ten times a second, while the peer keeps talking', () => {
    const pair = recordPair({ seed: 32, bytes: 10_000_000, line: LINE });
    run(pair, 1000);
    // The first three CLOSE packets are lost.
    let dropped = 0;
    pair.sim.tap(({ from }) => (from.port === 2000 && dropped++ < 3 ? 'drop' : 'pass'));
    close(pair, 'bob', 16, 'no room');
    const { sent } = pair.bobHost.counters;
    run(pair, 10_000);
    expect(pair.alice.closed).toEqual([
      { kind: 'closed', by: 'peer', code: 16, reason: 'no room' },
    ]);
    expect(dropped).toBeGreaterThan(3);
    expect(pair.bobHost.counters.sent - sent).toBeLessThan(10);
  });

  it('from both sides at once ends, instead of going back and forth for ever', () => {
    const pair = recordPair({ seed: 33, bytes: 50_000, line: SLOW });
    expect(pair.finish(10_000)).toBe(true);
    close(pair, 'alice', 16, 'a');
    close(pair, 'bob', 17, 'b');
    run(pair, 2000);
    const sent = pair.aliceHost.counters.sent + pair.bobHost.counters.sent;
    run(pair, 60_000);
    expect(pair.aliceHost.counters.sent + pair.bobHost.counters.sent).toBe(sent);
  });

  it('ends all talk of the side that was told (RFC 9000 §10.2.2)', () => {
    const pair = recordPair({ seed: 34, bytes: 10_000_000, back: 10_000_000, line: SLOW });
    run(pair, 1000);
    close(pair, 'alice', 16, 'enough');
    pair.sim.run({ until: () => pair.bob.closed.length > 0, within: millis(1000) });
    const { sent } = pair.bobHost.counters;
    run(pair, 10_000);
    expect(pair.bobHost.counters.sent).toBe(sent);
    // Bob's packets that were still under way had Alice repeat her CLOSE.
    expect(pair.bob.closed.length).toBe(1);
  });
});
