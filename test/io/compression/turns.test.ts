import { describe, expect, it } from 'vitest';
import { Turns } from '../../../src/io/compression/turns.ts';

describe('turns', () => {
  it('are had by so many at once, in the order in which they come, and given back by who fails', async () => {
    const turns = new Turns(2);
    const begun: number[] = [];
    const ends: ((failed?: Error) => void)[] = [];
    const all = [0, 1, 2, 3, 4].map((index) =>
      turns.during(() => {
        begun.push(index);
        return new Promise<number>((resolve, reject) => {
          ends[index] = (failed) => (failed === undefined ? resolve(index) : reject(failed));
        });
      }),
    );
    expect(begun).toEqual([0, 1]);
    ends[1]?.(new Error('it fails'));
    await expect(all[1]).rejects.toThrow('it fails');
    expect(begun).toEqual([0, 1, 2]);
    ends[0]?.();
    ends[2]?.();
    expect(await Promise.all([all[0], all[2]])).toEqual([0, 2]);
    expect(begun).toEqual([0, 1, 2, 3, 4]);
    ends[3]?.();
    ends[4]?.();
    expect(await Promise.all([all[3], all[4]])).toEqual([3, 4]);
    await turns.during(async () => begun.push(5));
    expect(begun).toEqual([0, 1, 2, 3, 4, 5]);
  });
});
