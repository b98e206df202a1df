import { describe, expect, it } from 'vitest';
import { createHasher } from '../../../../src/crypto/xxhash.ts';
import { ChunkSums } from '../../../../src/protocol/transfer/chunks/chunk-sums.ts';

describe('chunk sums', () => {
  it('make the digest of their eight bytes each, in order, whatever order they come in', async () => {
    const sums = new ChunkSums(3);
    sums.set(2, 3n);
    sums.set(0, 0x0123456789abcdefn);
    expect([sums.has(0), sums.has(1), sums.complete]).toEqual([true, false, false]);
    sums.set(1, 2n);
    expect(sums.complete).toBe(true);
    const hasher = await createHasher();
    const concatenated = Buffer.from('0123456789abcdef00000000000000020000000000000003', 'hex');
    expect(sums.digest(hasher)).toBe(hasher.xxh64(concatenated));
  });

  it('leave out the chunks that do not travel', async () => {
    const hasher = await createHasher();
    const sums = new ChunkSums(200);
    for (let chunk = 0; chunk < 200; chunk += 1) {
      if (chunk !== 70) sums.hold(chunk);
    }
    expect([sums.has(0), sums.has(70), sums.complete]).toEqual([true, false, false]);
    sums.set(70, 5n);
    expect(sums.digest(hasher)).toBe(hasher.xxh64(Buffer.from('0000000000000005', 'hex')));
  });

  it('of nothing make the digest that the document names', async () => {
    expect(new ChunkSums(0).complete).toBe(true);
    expect(new ChunkSums(0).digest(await createHasher())).toBe(0xef46db3751d8e999n);
  });

  it('leave one page open when they come in order, and many when they are scattered', () => {
    const ordered = new ChunkSums(1000);
    for (let chunk = 0; chunk < 700; chunk += 1) ordered.set(chunk, 1n);
    expect(ordered.openPages).toBe(1);
    const scattered = new ChunkSums(2 ** 40);
    for (let chunk = 0; chunk < 100; chunk += 1) scattered.set(chunk * 2 ** 30, 1n);
    expect(scattered.openPages).toBe(100);
  });
});
