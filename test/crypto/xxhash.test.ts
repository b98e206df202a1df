import { randomBytes } from 'node:crypto';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { libxxhash } from '../../src/crypto/libxxhash.ts';
import { createHasher, portableHasher } from '../../src/crypto/xxhash.ts';

const portable = await portableHasher();
const native = await libxxhash();
if (!native) console.warn('xxhash: tested on WebAssembly alone: no koffi, or no libxxhash.so.0');

const hashers = [
  ['by WebAssembly', portable] as const,
  ['as it is made here', await createHasher()] as const,
  ...(native ? [['by the library of the system', native] as const] : []),
];

describe.each(hashers)('XXH64 %s', (_, hasher) => {
  // Of the reference implementation's own checks: no bytes, and the letter a.
  it.each([
    ['', 0xef46db3751d8e999n],
    ['a', 0xd24ec4f1a98c6e5bn],
    ['abc', 0x44bc2cf5ad770999n],
  ])('of %j', (text, expected) => {
    expect(hasher.xxh64(Buffer.from(text))).toBe(expected);
    const hash = hasher.begin();
    hash.update(Buffer.from(text));
    expect(hash.digest()).toBe(expected);
  });

  it('is the same however the data is cut, and may go on after it was asked for', () => {
    fc.assert(
      fc.property(fc.array(fc.nat({ max: 5000 }), { maxLength: 8 }), (lengths) => {
        const hash = hasher.begin();
        const all: Buffer[] = [];
        for (const length of lengths) {
          const piece = randomBytes(length);
          all.push(piece);
          hash.update(piece);
          expect(hash.digest()).toBe(portable.xxh64(Buffer.concat(all)));
        }
      }),
    );
  });

  it('keeps several apart', () => {
    const [a, b] = [hasher.begin(), hasher.begin()];
    a.update(Buffer.from('ab'));
    b.update(Buffer.from('a'));
    a.update(Buffer.from('c'));
    expect(a.digest()).toBe(hasher.xxh64(Buffer.from('abc')));
    expect(b.digest()).toBe(hasher.xxh64(Buffer.from('a')));
  });
});
