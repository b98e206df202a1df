import { expect, it } from 'vitest';
import { SumPool } from '../../../../src/protocol/transfer/chunks/sum-pool.ts';

it('has what was put into it, one by one and in pieces', () => {
  const pool = new SumPool();
  const sums = Array.from({ length: 10_000 }, (_, index) => 2n ** 63n + BigInt(index));
  for (const sum of sums) pool.push(sum);
  expect(pool.length).toBe(sums.length);
  for (const index of [0, 4095, 4096, 8191, 9999]) expect(pool.at(index)).toBe(sums[index]);
  expect(pool.at(10_000)).not.toBe(sums[0]);
  expect([...pool.slice(4000, 200)]).toEqual(sums.slice(4000, 4200));
  expect(pool.slice(9999, 0)).toHaveLength(0);
});
