import { beforeAll, describe, expect, it } from 'vitest';
import { createHasher } from '../../../../src/crypto/xxhash.ts';
import type { Hasher } from '../../../../src/protocol/ports.ts';
import {
  BlockMatcher,
  rollingSum,
} from '../../../../src/protocol/transfer/chunks/block-matcher.ts';
import { SeededRandom } from '../../../support/seeded-random.ts';

const BLOCK_BYTES = 64;
const CHUNK = new SeededRandom(7).bytes(40_000);

let hasher: Hasher;
beforeAll(async () => {
  hasher = await createHasher();
});

describe('blocks of an older file that look like what is sent and are not', () => {
  /** The rolling sum at each byte, with another hash, and the last block as it is. */
  function lures(): { readonly matcher: BlockMatcher; readonly hashes: () => number } {
    const offsets = Array.from({ length: CHUNK.length - BLOCK_BYTES }, (_, offset) => offset);
    const last = CHUNK.subarray(-BLOCK_BYTES);
    const weak = offsets.map((offset) => rollingSum(CHUNK, offset, BLOCK_BYTES));
    const strong = offsets.map(() => 1n);
    let count = 0;
    const counting: Pick<Hasher, 'xxh64'> = {
      xxh64: (bytes) => {
        count += 1;
        return hasher.xxh64(bytes);
      },
    };
    const matcher = new BlockMatcher(
      BLOCK_BYTES,
      Uint32Array.from([...weak, rollingSum(last, 0, BLOCK_BYTES)]),
      BigUint64Array.from([...strong, hasher.xxh64(last)]),
      counting as Hasher,
    );
    return { matcher, hashes: () => count };
  }

  it('cost a bounded number of hashes', () => {
    const { matcher, hashes } = lures();
    expect(matcher.match(CHUNK)).toEqual([]);
    expect(hashes()).toBe(4096);
  });

  it('are nothing to the next chunk', () => {
    const { matcher } = lures();
    matcher.match(CHUNK);
    const from = BLOCK_BYTES * (CHUNK.length - BLOCK_BYTES);
    const copies = [{ start: 3936, length: BLOCK_BYTES, from }];
    expect(matcher.match(CHUNK.subarray(-4000))).toEqual(copies);
  });
});
