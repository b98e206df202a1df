import { beforeAll, describe, expect, it } from 'vitest';
import { createHasher } from '../../../src/crypto/xxhash.ts';
import { HeldChunks } from '../../../src/io/target/held-chunks.ts';
import type { Hasher } from '../../../src/protocol/ports.ts';

let hasher: Hasher;
beforeAll(async () => {
  hasher = await createHasher();
});

const CHUNK_BYTES = 1024;
const content = (entry: number): Uint8Array => Uint8Array.of(entry % 251);

/** As a journal says of so many files of one byte, written in their order. */
function held(files: number): HeldChunks {
  const indices = Array.from({ length: files }, (_, index) => index);
  const chunks = new HeldChunks((entry) => (entry < files ? 1 : 0), CHUNK_BYTES);
  const keys = BigUint64Array.from(indices, BigInt);
  const runs = indices.map((entry) => {
    return { entry, first: 0, sums: [hasher.xxh64(content(entry))] };
  });
  chunks.add({ head: { chunkBytes: CHUNK_BYTES, keys }, runs }, keys);
  return chunks;
}

describe('what is held from an earlier attempt', () => {
  it('is read again at its end, and some of the rest', async () => {
    const chunks = held(6000);
    const read: number[] = [];
    await chunks.verify(
      async (entry) => {
        read.push(entry);
        return content(entry);
      },
      hasher,
      () => 0.5,
    );
    expect(read.slice(0, 4096)).toEqual(Array.from({ length: 4096 }, (_, i) => 1904 + i));
    expect(read.slice(4096)).toEqual(new Array(64).fill(952));
    expect(chunks.bytes).toBe(6000);
  });

  it('is all read again if any of that is not what it was', async () => {
    const chunks = held(6000);
    const isOther = (entry: number) => entry === 5999 || entry < 3;
    await chunks.verify(
      async (entry) => content(isOther(entry) ? entry + 1 : entry),
      hasher,
      () => 0.5,
    );
    expect(chunks.bytes).toBe(5996);
    expect([0, 1, 2, 3, 5998, 5999].map((entry) => chunks.countOf(entry))).toEqual([
      0, 0, 0, 1, 1, 0,
    ]);
  });
});
