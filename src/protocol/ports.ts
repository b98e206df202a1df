/**
 * What the protocol is given from outside: randomness, ciphers and hashes. `src/crypto/`
 * implements these on Node; tests may count, seed or replace them.
 */

/** A cryptographically secure source of randomness (seeded in simulations). */
export interface Random {
  bytes(length: number): Uint8Array;
  /** A uniform integer in [0, below); `below` is at most 2^47. */
  integer(below: number): number;
}

/** AEAD cipher suites by their number on the wire. All have 32-byte keys, 12-byte nonces, 16-byte tags. */
export const CipherSuite = { chacha20Poly1305: 1, aes256Gcm: 2, aes256Ocb: 3 } as const;
export type CipherSuite = (typeof CipherSuite)[keyof typeof CipherSuite];

export const AEAD_TAG_BYTES = 16;
export const AEAD_NONCE_BYTES = 12;

/** One key of an AEAD. The caller never repeats a nonce for `seal`. */
export interface Aead {
  /** Seals the concatenation of `plaintext`; yields the ciphertext in pieces, the 16-byte tag last. */
  seal(nonce: Uint8Array, aad: Uint8Array, plaintext: readonly Uint8Array[]): Uint8Array[];
  /** The plaintext of `sealed` (ciphertext, then tag), or `undefined` when it does not verify. */
  open(nonce: Uint8Array, aad: Uint8Array, sealed: Uint8Array): Uint8Array | undefined;
  /**
   * Seals like `seal`, without associated data, into `into`, which has room for ciphertext and tag.
   * A plaintext of at most 64 KiB.
   */
  sealInto(nonce: Uint8Array, plaintext: readonly Uint8Array[], into: Uint8Array): void;
  /**
   * Opens like `open`, without associated data, and may do it in `into`, which has room for the
   * plaintext and may be where `sealed` lies. It is spoilt when that does not verify.
   */
  openInto(nonce: Uint8Array, sealed: Uint8Array, into: Uint8Array): Uint8Array | undefined;
}

/** AES-128 on single blocks: the pseudo-random function behind header tags. */
export interface BlockCipher {
  /**
   * Encrypts each 16-byte block of `blocks` by itself; the result has the same length, and is valid
   * until the next call.
   */
  encrypt(blocks: Uint8Array): Uint8Array;
}

/** The balanced PAKE (CPace, suite X25519-SHA512): one run, from the initiator's or responder's side. */
export interface Pake {
  /** Picks a fresh scalar and computes the public share. */
  start(input: PakeInput): PakeRun;
}

/** CPace inputs in the names of draft-irtf-cfrg-cpace-21: password string, channel identifier, session id. */
export interface PakeInput {
  readonly prs: Uint8Array;
  readonly ci: Uint8Array;
  readonly sid: Uint8Array;
}

export interface PakeRun {
  /** Our public share, 32 bytes. */
  readonly share: Uint8Array;
  /**
   * The intermediate session key (64 bytes) from the peer's share and both sides' associated data,
   * or `undefined` when the share is invalid (low order: the draft says abort).
   */
  finish(input: {
    readonly role: 'initiator' | 'responder';
    readonly ownData: Uint8Array;
    readonly peerShare: Uint8Array;
    readonly peerData: Uint8Array;
  }): Uint8Array | undefined;
}

/** Everything cryptographic but randomness. All calls are synchronous. */
export interface Crypto {
  aead(suite: CipherSuite, key: Uint8Array): Aead;
  blockCipher(key: Uint8Array): BlockCipher;
  /** HMAC-SHA-256, 32 bytes. */
  hmac(key: Uint8Array, data: Uint8Array): Uint8Array;
  /** SHA-256, 32 bytes. */
  sha256(data: Uint8Array): Uint8Array;
  /** HKDF-SHA-256 (RFC 5869). */
  hkdf(secret: Uint8Array, salt: Uint8Array, info: Uint8Array, length: number): Uint8Array;
  /** Compares in constant time; false for different lengths. */
  equal(a: Uint8Array, b: Uint8Array): boolean;
  readonly pake: Pake;
}

/** The checksum of chunks: XXH64 with seed 0. Guards against disks, not against people. */
export interface Hasher {
  xxh64(data: Uint8Array): bigint;
  /** The same over data that comes in pieces. */
  begin(): RunningHash;
}

export interface RunningHash {
  update(data: Uint8Array): void;
  /** The XXH64 of all pieces so far. */
  digest(): bigint;
}
