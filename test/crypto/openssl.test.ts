import { randomBytes } from 'node:crypto';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { createAead } from '../../src/crypto/aead.ts';
import { createCrypto } from '../../src/crypto/node-crypto.ts';
import { openSsl } from '../../src/crypto/openssl.ts';
import { systemRandom } from '../../src/crypto/random.ts';
import { AEAD_TAG_BYTES, CipherSuite } from '../../src/protocol/ports.ts';

const native = await openSsl();
if (!native) console.warn('openssl: sealing in place is tested on node:crypto alone: no koffi');

const NO_AAD = new Uint8Array(0);
const variants = [
  ['on node:crypto', createCrypto(systemRandom)] as const,
  ...(native ? [['on OpenSSL itself', createCrypto(systemRandom, native)] as const] : []),
];
const suites = Object.entries(CipherSuite);

/** `length` bytes in pieces of at most `most` bytes. */
function cut(bytes: Uint8Array, most: number): Uint8Array[] {
  const count = Math.ceil(bytes.length / most);
  return Array.from({ length: count }, (_, i) => bytes.subarray(i * most, (i + 1) * most));
}

describe.each(variants)('sealing in memory of the caller, %s', (_, crypto) => {
  it.each(suites)('is what sealing makes, with %s, however both sides are cut', (_name, suite) => {
    const size = fc.integer({ min: 1, max: 20_000 });
    fc.assert(
      fc.property(fc.nat({ max: 65_000 }), size, size, (length, pieceBytes, partBytes) => {
        const [key, nonce, plaintext] = [randomBytes(32), randomBytes(12), randomBytes(length)];
        const memory = new Uint8Array(length + AEAD_TAG_BYTES);
        crypto.aead(suite, key).sealInto(nonce, cut(plaintext, pieceBytes), cut(memory, partBytes));
        const expected = createAead(suite, key).seal(nonce, NO_AAD, [plaintext]);
        expect(Buffer.concat(expected).equals(memory)).toBe(true);
        const opened = crypto.aead(suite, key).openInPlace(nonce, memory);
        expect(opened && plaintext.equals(opened)).toBe(true);
      }),
      { numRuns: 60 },
    );
  });

  it.each(suites)('opens nothing of which a byte was changed, with %s', (_name, suite) => {
    const [key, nonce] = [randomBytes(32), randomBytes(12)];
    const aead = crypto.aead(suite, key);
    const sealed = new Uint8Array(40 + AEAD_TAG_BYTES);
    aead.sealInto(nonce, [randomBytes(40)], [sealed]);
    for (let i = 0; i < sealed.length; i += 1) {
      const changed = sealed.map((byte, at) => (at === i ? byte ^ 0x80 : byte));
      expect(aead.openInPlace(nonce, changed)).toBeUndefined();
    }
    expect(aead.openInPlace(randomBytes(12), sealed.slice())).toBeUndefined();
    expect(crypto.aead(suite, randomBytes(32)).openInPlace(nonce, sealed.slice())).toBeUndefined();
    expect(aead.openInPlace(nonce, sealed)).toHaveLength(40);
  });

  it('opens nothing that is shorter than a tag', () => {
    const aead = crypto.aead(CipherSuite.aes256Gcm, randomBytes(32));
    expect(aead.openInPlace(randomBytes(12), new Uint8Array(15))).toBeUndefined();
    expect(aead.openInPlace(randomBytes(12), new Uint8Array(0))).toBeUndefined();
  });

  it('never writes beyond the memory it is given', () => {
    const aead = crypto.aead(CipherSuite.aes256Gcm, randomBytes(32));
    for (const room of [0, 10, 9999]) {
      const memory = new Uint8Array(12_000);
      const parts = [memory.subarray(0, room)];
      expect(() => aead.sealInto(randomBytes(12), [randomBytes(10_000)], parts)).toThrow('no room');
      expect(memory.subarray(room).every((byte) => byte === 0)).toBe(true);
    }
  });
});
