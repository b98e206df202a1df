import { describe, expect, it } from 'vitest';
import { availableSuites, protectsEnds } from '../../src/crypto/aead.ts';
import { createCrypto } from '../../src/crypto/node-crypto.ts';
import { preferredSuites } from '../../src/crypto/preferred-suites.ts';
import { systemRandom } from '../../src/crypto/random.ts';
import { createHasher } from '../../src/crypto/xxhash.ts';
import { type Aead, CipherSuite } from '../../src/protocol/ports.ts';

const crypto = createCrypto();

interface AeadVector {
  suite: CipherSuite;
  key: string;
  nonce: string;
  aad: string;
  plaintext: string;
  sealed: string;
}

const AEAD_VECTORS: [string, AeadVector][] = [
  [
    'ChaCha20-Poly1305 of RFC 8439 §2.8.2',
    {
      suite: CipherSuite.chacha20Poly1305,
      key: '808182838485868788898a8b8c8d8e8f909192939495969798999a9b9c9d9e9f',
      nonce: '070000004041424344454647',
      aad: '50515253c0c1c2c3c4c5c6c7',
      plaintext: Buffer.from(
        "Ladies and Gentlemen of the class of '99: If I could offer you only one tip for the future, sunscreen would be it.",
      ).toString('hex'),
      sealed:
        'd31a8d34648e60db7b86afbc53ef7ec2a4aded51296e08fea9e2b5a736ee62d63dbea45e8ca9671282fafb69da92728b' +
        '1a71de0a9e060b2905d6a5b67ecd3b3692ddbd7f2d778b8c9803aee328091b58fab324e4fad675945585808b4831d7bc' +
        '3ff4def08e4b7a9de576d26586cec64b61161ae10b594f09e26a7e902ecbd0600691',
    },
  ],
  [
    'AES-256-GCM, test case 16 of the GCM specification',
    {
      suite: CipherSuite.aes256Gcm,
      key: 'feffe9928665731c6d6a8f9467308308feffe9928665731c6d6a8f9467308308',
      nonce: 'cafebabefacedbaddecaf888',
      aad: 'feedfacedeadbeeffeedfacedeadbeefabaddad2',
      plaintext:
        'd9313225f88406e5a55909c5aff5269a86a7a9531534f7da2e4c303d8a318a721c3c0c95956809532fcf0e2449a6b525' +
        'b16aedf5aa0de657ba637b39',
      sealed:
        '522dc1f099567d07f47f37a32a84427d643a8cdcbfe5c0c97598a2bd2555d1aa8cb08e48590dbb3da7b08b1056828838' +
        'c5f61e6393ba7a0abcc9f66276fc6ece0f4e1768cddf8853bb2d551b',
    },
  ],
];

describe.each(AEAD_VECTORS)('%s', (_, vector) => {
  const aead: Aead = crypto.aead(vector.suite, hex(vector.key));
  const nonce = hex(vector.nonce);
  const aad = hex(vector.aad);

  it('seals to the published ciphertext and tag, however the plaintext is cut', () => {
    const plaintext = hex(vector.plaintext);
    for (const cut of [0, 1, 16, 17, plaintext.length]) {
      const pieces = aead.seal(nonce, aad, [plaintext.subarray(0, cut), plaintext.subarray(cut)]);
      expect(text(Buffer.concat(pieces))).toBe(vector.sealed);
      expect(pieces.at(-1)).toHaveLength(16);
    }
  });

  it('opens the published ciphertext', () => {
    expect(text(aead.open(nonce, aad, hex(vector.sealed)))).toBe(vector.plaintext);
  });

  it('opens nothing when any byte of ciphertext, tag, nonce or data was changed', () => {
    const sealed = hex(vector.sealed);
    for (let i = 0; i < sealed.length; i += 1) {
      expect(aead.open(nonce, aad, flip(sealed, i))).toBeUndefined();
    }
    expect(aead.open(flip(nonce, 0), aad, sealed)).toBeUndefined();
    expect(aead.open(nonce, flip(aad, 0), sealed)).toBeUndefined();
    expect(aead.open(nonce, new Uint8Array(0), sealed)).toBeUndefined();
  });

  it('opens nothing that is shorter than a tag', () => {
    expect(aead.open(nonce, aad, new Uint8Array(0))).toBeUndefined();
    expect(aead.open(nonce, aad, new Uint8Array(15))).toBeUndefined();
  });

  it('seals nothing to a tag alone', () => {
    const pieces = aead.seal(nonce, aad, []);
    expect(pieces).toHaveLength(1);
    expect(aead.open(nonce, aad, pieces[0] as Uint8Array)).toHaveLength(0);
  });
});

describe('AES-256-OCB', () => {
  // RFC 7253 Appendix A: the algorithm that tests whole implementations by one tag.
  it('is what RFC 7253 says it is, at all lengths below 128 bytes', () => {
    const aead = crypto.aead(CipherSuite.aes256Ocb, Uint8Array.of(...new Uint8Array(31), 128));
    const nonceOf = (number: number) => hex(number.toString(16).padStart(24, '0'));
    const sealed: Uint8Array[] = [];
    for (let length = 0; length < 128; length += 1) {
      const [zeros, nothing] = [new Uint8Array(length), new Uint8Array(0)];
      sealed.push(...aead.seal(nonceOf(3 * length + 1), zeros, [zeros]));
      sealed.push(...aead.seal(nonceOf(3 * length + 2), nothing, [zeros]));
      sealed.push(...aead.seal(nonceOf(3 * length + 3), zeros, []));
    }
    const tag = aead.seal(nonceOf(385), Buffer.concat(sealed), []);
    expect(text(Buffer.concat(tag))).toBe('d90eb8e9c977c88b79dd793d7ffa161c');
  });
});

describe('the block cipher', () => {
  it('encrypts every block as FIPS 197 §C.1 does, call after call', () => {
    const cipher = crypto.blockCipher(hex('000102030405060708090a0b0c0d0e0f'));
    const block = '00112233445566778899aabbccddeeff';
    const encrypted = '69c4e0d86a7b0430d8cdb78070b4c55a';
    const first = cipher.encrypt(hex(block.repeat(54)));
    expect(text(cipher.encrypt(hex(block)))).toBe(encrypted);
    expect(text(first)).toBe(encrypted.repeat(54));
    expect(cipher.encrypt(new Uint8Array(0))).toHaveLength(0);
    expect(text(cipher.encrypt(hex(block)))).toBe(encrypted);
  });

  it('refuses what is not whole blocks, so that none is carried over to the next call', () => {
    const cipher = crypto.blockCipher(new Uint8Array(16));
    expect(() => cipher.encrypt(new Uint8Array(17))).toThrow('unreachable');
  });
});

describe('HKDF-SHA-256 of RFC 5869', () => {
  it.each([
    [
      'A.1',
      '0b'.repeat(22),
      '000102030405060708090a0b0c',
      'f0f1f2f3f4f5f6f7f8f9',
      '3cb25f25faacd57a90434f64d0362f2a2d2d0a90cf1a5a4c5db02d56ecc4c5bf34007208d5b887185865',
    ],
    [
      'A.2',
      text(count(0x00, 80)),
      text(count(0x60, 80)),
      text(count(0xb0, 80)),
      'b11e398dc80327a1c8e7f78c596a49344f012eda2d4efad8a050cc4c19afa97c59045a99cac7827271cb41c65e590e09' +
        'da3275600c2f09b8367793a9aca3db71cc30c58179ec3e87c14c01d5c1f3434f1d87',
    ],
    [
      'A.3',
      '0b'.repeat(22),
      '',
      '',
      '8da4e775a563c18f715f802a063c5a31b8a11f5c5ee1879ec3454e5f3c738d2d9d201395faa4b61a96c8',
    ],
  ])('gives the output of %s', (_, secret, salt, info, expected) => {
    const okm = crypto.hkdf(hex(secret), hex(salt), hex(info), expected.length / 2);
    expect(text(okm)).toBe(expected);
  });
});

describe('hashes', () => {
  it.each([
    [
      '0b'.repeat(20),
      'Hi There',
      'b0344c61d8db38535ca8afceaf0bf12b881dc200c9833da726e9376c2e32cff7',
    ],
    [
      text(Buffer.from('Jefe')),
      'what do ya want for nothing?',
      '5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843',
    ],
    [
      'aa'.repeat(131),
      'Test Using Larger Than Block-Size Key - Hash Key First',
      '60e431591ee0b67f0d8a26aacbf5b77f8e0bc6213728c5140546040f0ee37f54',
    ],
  ])('computes HMAC-SHA-256 of RFC 4231 §4 under key %s', (key, data, expected) => {
    expect(text(crypto.hmac(hex(key), Buffer.from(data)))).toBe(expected);
  });

  it('computes SHA-256 of FIPS 180-4', () => {
    expect(text(crypto.sha256(Buffer.from('abc')))).toBe(
      'ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad',
    );
  });

  it.each([
    ['', 0xef46db3751d8e999n],
    ['a', 0xd24ec4f1a98c6e5bn],
    ['abc', 0x44bc2cf5ad770999n],
    ['Nobody inspects the spammish repetition', 0xfbcea83c8a378bf1n],
  ])('computes XXH64 of %j', async (data, expected) => {
    const hasher = await createHasher();
    expect(hasher.xxh64(Buffer.from(data))).toBe(expected);
    // The module's memory grows in between: a smaller input afterwards must not see the larger one.
    hasher.xxh64(new Uint8Array(1 << 20).fill(7));
    expect(hasher.xxh64(Buffer.from(data))).toBe(expected);
  });
});

describe('comparison', () => {
  it('tells equal bytes from different ones and from others of another length', () => {
    expect(crypto.equal(hex('0102'), hex('0102'))).toBe(true);
    expect(crypto.equal(hex('0102'), hex('0103'))).toBe(false);
    expect(crypto.equal(hex('0102'), hex('010203'))).toBe(false);
    expect(crypto.equal(hex(''), hex(''))).toBe(true);
  });
});

describe('the randomness of the system', () => {
  it('gives as many bytes as asked for and integers within bounds', () => {
    expect(systemRandom.bytes(0)).toHaveLength(0);
    expect(text(systemRandom.bytes(16))).not.toBe(text(systemRandom.bytes(16)));
    const drawn = new Set(Array.from({ length: 200 }, () => systemRandom.integer(3)));
    expect([...drawn].sort()).toEqual([0, 1, 2]);
    expect(systemRandom.integer(2 ** 47)).toBeLessThan(2 ** 47);
  });
});

describe('a cipher that leaves the end of a message alone', () => {
  it('is found out', () => {
    const aead = crypto.aead(CipherSuite.aes256Gcm, new Uint8Array(32));
    const whole = ({ length }: Uint8Array) => length - (length % 16);
    const careless: Parameters<typeof protectsEnds>[0] = {
      seal: (nonce, aad, [plaintext = new Uint8Array(0)]) => {
        const end = whole(plaintext);
        const [sealed, tag] = aead.seal(nonce, aad, [plaintext.subarray(0, end)]);
        return [sealed, plaintext.subarray(end), tag] as Uint8Array[];
      },
      open: (nonce, aad, sealed) => {
        const [text, tag] = [sealed.subarray(0, -16), sealed.subarray(-16)];
        const end = whole(text);
        const opened = aead.open(nonce, aad, Buffer.concat([text.subarray(0, end), tag]));
        return opened && Buffer.concat([opened, text.subarray(end)]);
      },
    };
    expect([protectsEnds(aead), protectsEnds(careless)]).toEqual([true, false]);
  });
});

describe('the preferred suites', () => {
  const { aes256Gcm, aes256Ocb, chacha20Poly1305 } = CipherSuite;

  it.each([
    [0.3, 0.2, 0.02, [chacha20Poly1305, aes256Ocb, aes256Gcm]],
    [0.02, 0.03, 0.3, [aes256Gcm, aes256Ocb, chacha20Poly1305]],
    [0.02, 0.01, 0.3, [aes256Ocb, aes256Gcm, chacha20Poly1305]],
    // What differs by less may be noise.
    [0.04, 0.03, 0.02, [aes256Ocb, chacha20Poly1305, aes256Gcm]],
  ])('where GCM takes %d ms, OCB %d ms and ChaCha20 %d ms are %j', (gcm, ocb, chacha, expected) => {
    const clock = { now: 0 };
    const costs = { [aes256Gcm]: gcm, [aes256Ocb]: ocb, [chacha20Poly1305]: chacha };
    const aead = (suite: CipherSuite) => taking(costs[suite], clock);
    expect(preferredSuites({ aead }, () => clock.now)).toEqual(expected);
  });

  it('are all that there are, whatever this machine is', () => {
    const all = Object.values(CipherSuite).sort();
    expect(availableSuites().sort()).toEqual(all);
    expect(preferredSuites(crypto).sort()).toEqual(all);
  });
});

/** A cipher that takes some milliseconds a call, by a clock of its own. */
function taking(ms: number, clock: { now: number }): Aead {
  return {
    seal: () => [],
    open: () => undefined,
    sealInto: () => {
      clock.now += ms;
    },
    openInto: () => undefined,
  };
}

function count(from: number, length: number): Uint8Array {
  return Uint8Array.from({ length }, (_, i) => from + i);
}

function flip(bytes: Uint8Array, index: number): Uint8Array {
  return bytes.map((byte, i) => (i === index ? byte ^ 1 : byte));
}

function hex(value: string): Uint8Array {
  return Uint8Array.from(Buffer.from(value, 'hex'));
}

function text(bytes: Uint8Array | undefined): string {
  return Buffer.from(bytes ?? []).toString('hex');
}
