import { randomBytes } from 'node:crypto';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { createAead } from '../../src/crypto/aead.ts';
import { createBlockCipher } from '../../src/crypto/block-cipher.ts';
import { createCrypto } from '../../src/crypto/node-crypto.ts';
import { openSsl, openSslBy } from '../../src/crypto/openssl.ts';
import { OpenSslAead } from '../../src/crypto/openssl-aead.ts';
import { openSslCalls } from '../../src/crypto/openssl-calls.ts';
import { systemRandom } from '../../src/crypto/random.ts';
import { AEAD_TAG_BYTES, CipherSuite } from '../../src/protocol/ports.ts';

const native = await openSsl();
if (!native) console.warn('openssl: ciphers are tested on node:crypto alone: no koffi');

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
  it.each(suites)('is what sealing makes, with %s, however many pieces', (_name, suite) => {
    const size = fc.integer({ min: 1, max: 20_000 });
    fc.assert(
      fc.property(fc.nat({ max: 65_000 }), size, (length, pieceBytes) => {
        const [key, nonce, plaintext] = [randomBytes(32), randomBytes(12), randomBytes(length)];
        const memory = new Uint8Array(length + AEAD_TAG_BYTES);
        crypto.aead(suite, key).sealInto(nonce, cut(plaintext, pieceBytes), memory);
        const expected = createAead(suite, key).seal(nonce, NO_AAD, [plaintext]);
        expect(Buffer.concat(expected).equals(memory)).toBe(true);
        const into = new Uint8Array(length);
        const aead = crypto.aead(suite, key);
        const opened = aead.openInto(nonce, memory, into);
        expect(opened && plaintext.equals(opened)).toBe(true);
        const inPlace = aead.openInto(nonce, memory, memory);
        expect(inPlace && plaintext.equals(inPlace)).toBe(true);
      }),
      { numRuns: 60 },
    );
  });

  it.each(suites)('opens nothing of which a byte was changed, with %s', (_name, suite) => {
    const [key, nonce] = [randomBytes(32), randomBytes(12)];
    const aead = crypto.aead(suite, key);
    const sealed = new Uint8Array(40 + AEAD_TAG_BYTES);
    aead.sealInto(nonce, [randomBytes(40)], sealed);
    for (let i = 0; i < sealed.length; i += 1) {
      const changed = sealed.map((byte, at) => (at === i ? byte ^ 0x80 : byte));
      expect(aead.openInto(nonce, changed, changed)).toBeUndefined();
    }
    const into = new Uint8Array(40);
    expect(aead.openInto(randomBytes(12), sealed, into)).toBeUndefined();
    expect(crypto.aead(suite, randomBytes(32)).openInto(nonce, sealed, into)).toBeUndefined();
    expect(aead.openInto(nonce, sealed, into)).toHaveLength(40);
  });

  it('opens nothing that is shorter than a tag', () => {
    const aead = crypto.aead(CipherSuite.aes256Gcm, randomBytes(32));
    const [nonce, into] = [randomBytes(12), new Uint8Array(16)];
    for (const length of [0, 15]) {
      expect(aead.openInto(nonce, new Uint8Array(length), into)).toBeUndefined();
    }
    expect(aead.open(nonce, NO_AAD, new Uint8Array(15))).toBeUndefined();
  });

  it('never writes beyond the memory it is given', () => {
    const aead = crypto.aead(CipherSuite.aes256Gcm, randomBytes(32));
    const plaintext = randomBytes(10_000);
    for (const room of [0, 10, 9999, 10_000, 10_015]) {
      for (const pieceBytes of [10_000, 100]) {
        const memory = new Uint8Array(12_000);
        const pieces = cut(plaintext, pieceBytes);
        expect(() => aead.sealInto(randomBytes(12), pieces, memory.subarray(0, room))).toThrow(
          /no room|out of bounds/,
        );
        expect(memory.subarray(room).every((byte) => byte === 0)).toBe(true);
      }
    }
  });
});

describe.each(variants)('ciphers of small things, %s', (_, crypto) => {
  it.each(suites)('seal what node:crypto opens and open what it seals, with %s', (_name, suite) => {
    const bytes = fc.uint8Array({ maxLength: 300 });
    fc.assert(
      fc.property(bytes, fc.array(bytes, { maxLength: 4 }), (aad, pieces) => {
        const [key, nonce] = [randomBytes(32), randomBytes(12)];
        const [ours, theirs] = [crypto.aead(suite, key), createAead(suite, key)];
        const plaintext = Buffer.concat(pieces);
        const sealed = Buffer.concat(ours.seal(nonce, aad, pieces));
        expect(sealed.equals(Buffer.concat(theirs.seal(nonce, aad, pieces)))).toBe(true);
        const opened = ours.open(nonce, aad, sealed);
        expect(opened && plaintext.equals(opened)).toBe(true);
        expect(ours.open(nonce, Buffer.concat([aad, Buffer.of(0)]), sealed)).toBeUndefined();
      }),
    );
  });

  it('makes the same of blocks, however many there are', () => {
    const key = randomBytes(16);
    const cipher = crypto.blockCipher(key);
    for (const count of [1, 64, 3, 0, 64]) {
      const blocks = randomBytes(16 * count);
      const expected = createBlockCipher(key).encrypt(blocks);
      expect(Buffer.from(cipher.encrypt(blocks)).equals(expected)).toBe(true);
    }
    expect(() => cipher.encrypt(new Uint8Array(17))).toThrow('17 bytes are not whole blocks');
  });
});

it.runIf(native)('never opens into less memory than it takes', () => {
  const aead = createCrypto(systemRandom, native).aead(CipherSuite.aes256Gcm, randomBytes(32));
  const nonce = randomBytes(12);
  const sealed = new Uint8Array(10_000 + AEAD_TAG_BYTES);
  aead.sealInto(nonce, [randomBytes(10_000)], sealed);
  const memory = new Uint8Array(12_000);
  const little = memory.subarray(0, 9999);
  expect(() => aead.openInto(nonce, sealed, little)).toThrow('no room');
  expect(memory.subarray(9999).every((byte) => byte === 0)).toBe(true);
});

it.runIf(native)('goes on without a cipher that the library does not have', async () => {
  const made = openSslBy({ ...(await openSslCalls()), EVP_aes_256_ocb: undefined });
  const [key, nonce] = [randomBytes(32), randomBytes(12)];
  for (const suite of Object.values(CipherSuite)) {
    const sealed = createAead(suite, key).seal(nonce, NO_AAD, [nonce]);
    const opened = made?.aead(suite, key).open(nonce, NO_AAD, Buffer.concat(sealed));
    expect(opened && nonce.equals(opened)).toBe(true);
  }
  expect(made?.aead(CipherSuite.aes256Ocb, key)).not.toBeInstanceOf(OpenSslAead);
  expect(made?.aead(CipherSuite.aes256Gcm, key)).toBeInstanceOf(OpenSslAead);
});

it.runIf(native)('takes no key and no nonce of another length', () => {
  const crypto = createCrypto(systemRandom, native);
  const suite = CipherSuite.aes256Gcm;
  expect(() => crypto.aead(suite, randomBytes(16))).toThrow('16 bytes instead of 32');
  expect(() => crypto.blockCipher(randomBytes(15))).toThrow('15 bytes instead of 16');
  const aead = crypto.aead(suite, randomBytes(32));
  expect(() => aead.seal(randomBytes(8), NO_AAD, [])).toThrow('8 bytes instead of 12');
  expect(() => aead.open(randomBytes(13), NO_AAD, randomBytes(16))).toThrow('13 bytes instead');
});
