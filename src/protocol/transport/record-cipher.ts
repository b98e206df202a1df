import { AEAD_NONCE_BYTES, type Aead, type CipherSuite, type Crypto } from '../ports.ts';
import { ByteWriter } from '../wire/byte-writer.ts';

/**
 * Records per key: 2^20 of at most 64 KiB are 64 GiB, an eighth of what AES-GCM may seal under one
 * key at this size (RFC 9001 §6.6 and B.1 scaled to 4,096 blocks a record), and 2^32 blocks, of which OCB
 * may seal 2^48 (RFC 7253 §5).
 */
export const RECORDS_PER_EPOCH = 2 ** 20;

const NO_SALT = new Uint8Array(0);
const KEY_UPDATE = new TextEncoder().encode('p2pshare/1 record key update');

/**
 * Seals or opens the records of one direction. The nonce is the record number, a plain counter of
 * seals that never repeats; after every 2^20 records the key is replaced by its HKDF, so that the
 * former one cannot be computed from it.
 */
export class RecordCipher {
  readonly #crypto: Crypto;
  readonly #suite: CipherSuite;
  readonly #nonce = new Uint8Array(AEAD_NONCE_BYTES);
  readonly #view = new DataView(this.#nonce.buffer);
  #key: Uint8Array;
  #epoch = 0;
  #current: Aead;
  #previous: Aead | undefined;

  constructor(crypto: Crypto, suite: CipherSuite, key: Uint8Array) {
    this.#crypto = crypto;
    this.#suite = suite;
    this.#key = key;
    this.#current = crypto.aead(suite, key);
  }

  /** Seals a record into `into`: ciphertext, then tag. Each record number is sealed once in a session. */
  sealInto(record: number, plaintext: readonly Uint8Array[], into: Uint8Array): void {
    const aead = this.#aeadOf(record);
    if (aead === undefined) throw new Error('unreachable: record number before the last key');
    aead.sealInto(this.#nonceOf(record), plaintext, into);
  }

  /**
   * The plaintext of a record, in `into` or elsewhere; `undefined` if it does not verify. `into` may be
   * where `sealed` lies.
   */
  openInto(record: number, sealed: Uint8Array, into: Uint8Array): Uint8Array | undefined {
    return this.#aeadOf(record)?.openInto(this.#nonceOf(record), sealed, into);
  }

  /** Records arrive in any order around a key update, so the previous key is kept beside. */
  #aeadOf(record: number): Aead | undefined {
    const epoch = Math.floor(record / RECORDS_PER_EPOCH);
    while (this.#epoch < epoch) this.#update();
    if (epoch === this.#epoch) return this.#current;
    return epoch === this.#epoch - 1 ? this.#previous : undefined;
  }

  #update(): void {
    const info = new ByteWriter();
    info.prefixed(KEY_UPDATE);
    this.#key = this.#crypto.hkdf(this.#key, NO_SALT, info.finish(), this.#key.length);
    this.#epoch += 1;
    this.#previous = this.#current;
    this.#current = this.#crypto.aead(this.#suite, this.#key);
  }

  #nonceOf(record: number): Uint8Array {
    this.#view.setUint32(AEAD_NONCE_BYTES - 4, record);
    return this.#nonce;
  }
}
