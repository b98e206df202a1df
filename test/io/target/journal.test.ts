import fc from 'fast-check';
import { beforeAll, describe, expect, it } from 'vitest';
import { createHasher } from '../../../src/crypto/xxhash.ts';
import { encodeHead, encodeRecord, readJournal } from '../../../src/io/target/journal.ts';
import type { Hasher } from '../../../src/protocol/ports.ts';

let hasher: Hasher;
beforeAll(async () => {
  hasher = await createHasher();
});

const HEAD = { chunkBytes: 2 ** 20, keys: BigUint64Array.of(1n, 0xfedcba9876543210n) };
const FIRST = [{ entry: 0, first: 3, sums: [1n, 2n, 3n] }];
const SECOND = [
  { entry: 0, first: 6, sums: [4n] },
  { entry: 1, first: 0, sums: [2n ** 64n - 1n] },
];

function journal(): Uint8Array {
  return Buffer.concat([
    encodeHead(HEAD, hasher),
    encodeRecord(FIRST, hasher),
    encodeRecord(SECOND, hasher),
  ]);
}

describe('a journal', () => {
  it('is read as it was written', () => {
    const read = readJournal(journal(), hasher);
    expect(read?.head).toEqual(HEAD);
    // Twice, for they are read anew each time.
    for (const _ of [1, 2]) expect([...(read?.runs ?? [])]).toEqual([...FIRST, ...SECOND]);
  });

  it('counts up to the record that was cut short, wherever that was', () => {
    const whole = journal();
    const head = encodeHead(HEAD, hasher).length;
    const second = head + encodeRecord(FIRST, hasher).length;
    for (let length = 0; length < whole.length; length += 1) {
      const read = readJournal(whole.subarray(0, length), hasher);
      if (length < head) expect(read).toBeUndefined();
      else expect([...(read?.runs ?? [])]).toEqual(length < second ? [] : FIRST);
    }
  });

  it('is not believed behind a byte that is another', () => {
    const whole = journal();
    for (let at = 0; at < whole.length; at += 1) {
      const damaged = Uint8Array.from(whole);
      damaged[at] = (damaged[at] ?? 0) ^ 0x20;
      const runs = [...(readJournal(damaged, hasher)?.runs ?? [])];
      expect([...FIRST, ...SECOND].slice(0, runs.length)).toEqual(runs);
      // The bytes of a chunk are no secret: another number is another offer's.
      if (at < 8 || at >= 12) expect(runs.length).toBeLessThan(3);
    }
  });

  it('never throws, whatever somebody has put there', () => {
    const property = fc.property(fc.uint8Array({ maxLength: 200 }), (rest) => {
      readJournal(rest, hasher);
      readJournal(Buffer.concat([encodeHead(HEAD, hasher), rest]), hasher);
    });
    fc.assert(property, { numRuns: 1000 });
  });
});
