import { expect, it } from 'vitest';
import { type ExistingFile, ExistingFiles } from '../../../src/io/target/existing-files.ts';

it('has what was found, and nothing else', () => {
  const files = new ExistingFiles();
  const at = (index: number): ExistingFile => {
    const number = BigInt(index);
    return { dev: 5n, ino: 2n ** 60n + number, size: index * 2 ** 30, mtimeMs: -1000 + index };
  };
  const indices = [0, 3, 1023, 1024, 5000, 999_999];
  for (const index of indices) files.set(index, at(index));
  expect([...files.indices()]).toEqual(indices);
  for (const index of indices) expect(files.get(index)).toEqual(at(index));
  for (const index of [1, 1025, 2048, 1_000_000]) expect(files.get(index)).toBeUndefined();
});
