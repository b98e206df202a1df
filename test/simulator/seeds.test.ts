import { describe, expect, it } from 'vitest';
import { forEachSeed, seedsFor, tryAll } from '../support/seeds.ts';

describe('seeds', () => {
  it('are others every day', () => {
    expect(seedsFor(3, {}, 2)).toEqual([200_006, 200_007, 200_008]);
    expect(seedsFor(1, {}, 3)).toEqual([300_009]);
  });

  it('are the one that the environment names', () => {
    expect(seedsFor(3, { P2PSHARE_SEED: '77' }, 2)).toEqual([77]);
  });

  it('are as many as the environment asks for, from the first that it names', () => {
    const environment = { P2PSHARE_SEEDS: '2', P2PSHARE_FIRST_SEED: '4294967295' };
    expect(seedsFor(5, environment, 2)).toEqual([4_294_967_295, 0]);
  });

  it('are refused when they are no numbers', () => {
    expect(() => seedsFor(1, { P2PSHARE_SEED: 'x' }, 2)).toThrow('P2PSHARE_SEED: not a whole');
  });

  it('are named by the failure, which stays the error that it was', async () => {
    const failure = new TypeError('broken');
    const tried: number[] = [];
    const check = (seed: number) => {
      tried.push(seed);
      if (seed === 6) throw failure;
    };
    await expect(tryAll([5, 6, 7], check)).rejects.toBe(failure);
    expect(failure.message).toBe('seed 6: broken');
    expect(tried).toEqual([5, 6]);
  });

  const expected = seedsFor(3);
  const tried: number[] = [];
  forEachSeed('are tried one after another', 3, (seed) => void tried.push(seed));
  it('have all been tried', () => expect(tried).toEqual(expected));
});
