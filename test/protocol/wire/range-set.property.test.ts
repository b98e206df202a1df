import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { RangeSet } from '../../../src/protocol/wire/range-set.ts';

const span = fc
  .tuple(fc.integer({ min: 0, max: 60 }), fc.integer({ min: 0, max: 12 }))
  .map(([start, length]) => ({ start, end: start + length }));
const operation = fc.oneof(
  span.map((range) => ({ kind: 'add' as const, ...range })),
  fc.integer({ min: 0, max: 70 }).map((floor) => ({ kind: 'removeBelow' as const, floor })),
);
type Operation =
  | { kind: 'add'; start: number; end: number }
  | { kind: 'removeBelow'; floor: number };

describe('RangeSet against a set of numbers', () => {
  it('holds the same values, in ranges that neither touch nor overlap', () => {
    fc.assert(
      fc.property(fc.array(operation, { maxLength: 40 }), (operations) => {
        const { set, model } = build(operations);
        expect(values(set)).toEqual([...model].sort((a, b) => a - b));
        expect(set.size).toBe(model.size);
        for (let i = 1; i < set.rangeCount; i += 1) {
          expect(set.start(i)).toBeGreaterThan(set.end(i - 1));
        }
      }),
      { numRuns: 500 },
    );
  });

  it('answers the same about membership, coverage and gaps', () => {
    fc.assert(
      fc.property(fc.array(operation, { maxLength: 40 }), span, (operations, probe) => {
        const { set, model } = build(operations);
        for (const value of numbers(0, 75)) expect(set.contains(value)).toBe(model.has(value));
        const missing: number[] = [];
        set.forEachGap(probe.start, probe.end, (start, end) =>
          missing.push(...numbers(start, end)),
        );
        const expected = numbers(probe.start, probe.end).filter((value) => !model.has(value));
        expect(missing).toEqual(expected);
        expect(set.covers(probe.start, probe.end)).toBe(expected.length === 0);
      }),
      { numRuns: 500 },
    );
  });
});

function build(operations: readonly Operation[]): { set: RangeSet; model: Set<number> } {
  const set = new RangeSet();
  const model = new Set<number>();
  for (const step of operations) {
    if (step.kind === 'removeBelow') {
      set.removeBelow(step.floor);
      for (const value of [...model].filter((one) => one < step.floor)) model.delete(value);
    } else {
      const before = model.size;
      for (const value of numbers(step.start, step.end)) model.add(value);
      expect(set.add(step.start, step.end)).toBe(model.size - before);
    }
  }
  return { set, model };
}

function values(set: RangeSet): number[] {
  return numbers(0, set.rangeCount).flatMap((i) => numbers(set.start(i), set.end(i)));
}

function numbers(start: number, end: number): number[] {
  return Array.from({ length: Math.max(0, end - start) }, (_, i) => start + i);
}
