import { describe, expect, it } from 'vitest';
import { SeededRandom } from '../support/seeded-random.ts';

function draw(random: SeededRandom): number[] {
  return Array.from({ length: 8 }, () => random.integer(1_000_000));
}

describe('seeded random', () => {
  it('gives the stream of xoshiro128**, as a second implementation computed it', () => {
    expect(Array.from(new SeededRandom(12345).bytes(14))).toEqual([
      213, 15, 62, 248, 88, 232, 41, 90, 201, 232, 181, 18, 11, 165,
    ]);
  });

  it('gives neighbouring seeds unlike streams', () => {
    const first = draw(new SeededRandom(1));
    expect(draw(new SeededRandom(1))).toEqual(first);
    const second = new Set(draw(new SeededRandom(2)));
    expect(first.filter((value) => second.has(value))).toEqual([]);
  });

  it('gives a fork that neither draws nor other forks shift', () => {
    const untouched = draw(new SeededRandom(7).fork('link'));
    const random = new SeededRandom(7);
    draw(random);
    draw(random.fork('other'));
    expect(draw(random.fork('link'))).toEqual(untouched);
    expect(draw(random.fork('line'))).not.toEqual(untouched);
  });

  it.each([2, 7, 2 ** 32, 3 * 2 ** 45])('draws integers evenly below %d', (below) => {
    const random = new SeededRandom(99);
    const thirds = [0, 0, 0];
    for (let i = 0; i < 9000; i += 1) {
      const value = random.integer(below);
      expect(value >= 0 && value < below && Number.isInteger(value)).toBe(true);
      const third = Math.floor((3 * (value + random.uniform())) / below);
      thirds[third] = (thirds[third] ?? 0) + 1;
    }
    // The standard deviation of each count is 45.
    for (const count of thirds) expect(Math.abs(count - 3000)).toBeLessThan(200);
  });

  it('refuses ranges that hold no integer', () => {
    expect(() => new SeededRandom(1).integer(0)).toThrow('unreachable');
  });
});
