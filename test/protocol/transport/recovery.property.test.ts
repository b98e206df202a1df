import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { millis } from '../../../src/protocol/time.ts';
import { at, history, ranges } from './history.ts';

type Step =
  | { readonly kind: 'send'; readonly count: number }
  | { readonly kind: 'ack'; readonly from: number; readonly count: number }
  | { readonly kind: 'wait'; readonly ms: number };

const step: fc.Arbitrary<Step> = fc.oneof(
  fc.record({ kind: fc.constant('send' as const), count: fc.integer({ min: 1, max: 40 }) }),
  fc.record({
    kind: fc.constant('ack' as const),
    // Counted back from the newest packet.
    from: fc.integer({ min: 0, max: 120 }),
    count: fc.integer({ min: 1, max: 60 }),
  }),
  fc.record({ kind: fc.constant('wait' as const), ms: fc.integer({ min: 1, max: 400 }) }),
);

/** Takes one step and yields the time after it. */
function take(one: ReturnType<typeof history>, step: Step, time: number): number {
  if (step.kind === 'send') one.send(step.count, time);
  if (step.kind === 'ack') {
    const end = Math.max(0, one.recovery.packets.next - step.from);
    const start = Math.max(0, end - step.count);
    if (start < end) one.recovery.onAck(ranges([start, end]), millis(0), at(time));
  }
  if (step.kind !== 'wait') return time + 1;
  one.recovery.handleTimeout(at(time + step.ms));
  return time + step.ms;
}

describe('Recovery against what it has reported', () => {
  it('has in flight exactly what was sent and neither acknowledged nor lost', () => {
    fc.assert(
      fc.property(fc.array(step, { maxLength: 60 }), (steps) => {
        const one = history();
        let time = 0;
        for (const next of steps) {
          time = take(one, next, time);
          const sent = one.recovery.counters.sent;
          const settled = new Set([...one.acked, ...one.lost]).size;
          expect(one.recovery.inFlight).toBe(1000 * (sent - settled));
          expect(one.recovery.hasInFlight).toBe(sent > settled);
          // Something in flight always has a deadline: nothing is waited for without end.
          expect(one.recovery.deadline !== undefined).toBe(sent > settled);
        }
      }),
      { numRuns: 300 },
    );
  });

  it('reports each packet acknowledged at most once, and lost at most once, before that', () => {
    fc.assert(
      fc.property(fc.array(step, { maxLength: 60 }), (steps) => {
        const one = history();
        let time = 0;
        for (const next of steps) time = take(one, next, time);
        expect(new Set(one.acked).size).toBe(one.acked.length);
        expect(new Set(one.lost).size).toBe(one.lost.length);
        const late = one.acked.filter((n) => one.lost.includes(n)).length;
        expect(one.recovery.counters.spurious).toBe(late);
      }),
      { numRuns: 200 },
    );
  });

  it('tells the controller of each byte once, as acknowledged or as lost', () => {
    fc.assert(
      fc.property(fc.array(step, { maxLength: 60 }), (steps) => {
        const one = history();
        let time = 0;
        for (const next of steps) time = take(one, next, time);
        const { samples } = one.congestion;
        const lost = samples.reduce((sum, sample) => sum + sample.lost, 0);
        const acked = samples.reduce((sum, sample) => sum + sample.acked, 0);
        expect(lost).toBe(1000 * one.lost.length);
        expect(lost + acked).toBe(1000 * new Set([...one.acked, ...one.lost]).size);
      }),
      { numRuns: 200 },
    );
  });
});
