import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { ReplayWindow } from '../../../src/protocol/path/replay-window.ts';

describe('replay window', () => {
  it('accepts a counter once, in any order', () => {
    const window = new ReplayWindow();
    expect([5, 3, 5, 4, 3, 6].map((counter) => window.accept(counter))).toEqual([
      true,
      true,
      false,
      true,
      false,
      true,
    ]);
  });

  it('takes what is 1024 below the highest for seen, and never accepts 0', () => {
    const window = new ReplayWindow();
    expect(window.accept(0)).toBe(false);
    expect(window.accept(2000)).toBe(true);
    expect(window.accept(976)).toBe(false);
    expect(window.accept(977)).toBe(true);
    expect(window.accept(2 ** 32 - 1)).toBe(true);
    expect(window.accept(2001)).toBe(false);
  });

  it('never accepts one counter twice, and misses no new one that is recent', () => {
    const counters = fc.array(fc.integer({ min: 1, max: 3000 }), { maxLength: 300 });
    fc.assert(
      fc.property(counters, (sequence) => {
        const window = new ReplayWindow();
        const seen = new Set<number>();
        let highest = 0;
        for (const counter of sequence) {
          const isNew = !seen.has(counter) && counter > highest - 1024;
          expect(window.accept(counter)).toBe(isNew);
          seen.add(counter);
          highest = Math.max(highest, counter);
        }
      }),
    );
  });
});
