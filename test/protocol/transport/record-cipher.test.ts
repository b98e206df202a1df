import { expect, it } from 'vitest';
import {
  AEAD_TAG_BYTES,
  type Aead,
  CipherSuite,
  type Crypto,
} from '../../../src/protocol/ports.ts';
import { RECORDS_PER_EPOCH, RecordCipher } from '../../../src/protocol/transport/record-cipher.ts';
import { crypto } from './record-end.ts';

const KEY = new Uint8Array(32).fill(7);
// HKDF-SHA-256 of KEY, no salt, info = 1c "p2pshare/1 record key update"; made with OpenSSL.
const NEXT_KEY = Buffer.from(
  '5b89e8e8d520d334b5e53087b38c377f9c17b3e51b560076b9c11ed9c8aafb7e',
  'hex',
);
const E = RECORDS_PER_EPOCH;
const NOTHING = new Uint8Array(0);

function cipher(): RecordCipher {
  return new RecordCipher(crypto, CipherSuite.aes256Gcm, KEY);
}

function seal(by: RecordCipher, record: number, text: string): Uint8Array {
  const plaintext = Buffer.from(text);
  const into = new Uint8Array(plaintext.length + AEAD_TAG_BYTES);
  by.sealInto(record, [plaintext], into);
  return into;
}

function open(by: RecordCipher, record: number, sealed: Uint8Array): string | undefined {
  const plaintext = by.openInto(record, sealed, new Uint8Array(sealed.length));
  return plaintext && Buffer.from(plaintext).toString();
}

function direct(key: Uint8Array, record: number): [Aead, Uint8Array] {
  const nonce = Buffer.alloc(12);
  nonce.writeUInt32BE(record, 8);
  return [crypto.aead(CipherSuite.aes256Gcm, key), nonce];
}

it('seals with the record number as the nonce and no associated data', () => {
  const [aead, nonce] = direct(KEY, 5);
  expect(aead.open(nonce, new Uint8Array(0), seal(cipher(), 5, 'five'))).toEqual(
    Buffer.from('five'),
  );
});

it('replaces the key after 2^20 records by the HKDF of the key', () => {
  expect(E).toBe(1_048_576);
  const sealer = cipher();
  const [first, lastNonce] = direct(KEY, E - 1);
  expect(first.open(lastNonce, new Uint8Array(0), seal(sealer, E - 1, 'last'))).toBeDefined();
  const [second, nonce] = direct(NEXT_KEY, E);
  expect(second.open(nonce, new Uint8Array(0), seal(sealer, E, 'first'))).toBeDefined();
});

it('opens around the update in any order: the previous key is kept, older ones are not', () => {
  const sealer = cipher();
  const opener = cipher();
  const old = seal(sealer, 3, 'old');
  const last = seal(sealer, E - 1, 'last');
  const first = seal(sealer, E, 'first');
  expect(open(opener, E, first)).toBe('first');
  expect(open(opener, E - 1, last)).toBe('last');
  expect(open(opener, 3, old)).toBe('old');
  const later = seal(sealer, 2 * E, 'later');
  expect(open(opener, 2 * E, later)).toBe('later');
  expect(open(opener, E, first)).toBe('first');
  expect(open(opener, 3, old)).toBeUndefined();
});

it('does not open a record under another number, nor one that was changed', () => {
  const sealed = seal(cipher(), 9, 'nine');
  expect(open(cipher(), 10, sealed)).toBeUndefined();
  sealed[0] = (sealed[0] ?? 0) ^ 1;
  expect(open(cipher(), 9, sealed)).toBeUndefined();
});

it('never uses a key for a record of another epoch', () => {
  const used: string[] = [];
  const watched: Crypto = {
    ...crypto,
    aead: (suite, key) => ({
      ...crypto.aead(suite, key),
      sealInto: (nonce) => {
        used.push(`${Buffer.from(key).toString('hex')} ${Buffer.from(nonce).toString('hex')}`);
      },
    }),
  };
  const sealer = new RecordCipher(watched, CipherSuite.aes256Gcm, KEY);
  for (const record of [0, 1, E - 1, E, E + 1, 2 * E, 3 * E]) {
    sealer.sealInto(record, [], NOTHING);
  }
  expect(new Set(used).size).toBe(7);
  expect(() => sealer.sealInto(0, [], NOTHING)).toThrow('unreachable');
});
