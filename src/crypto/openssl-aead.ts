import { AEAD_NONCE_BYTES, AEAD_TAG_BYTES, type Aead } from '../protocol/ports.ts';
import {
  Direction,
  type Handle,
  must,
  mustBeLong,
  newContext,
  type OpenSslCalls,
  written,
} from './openssl-calls.ts';
import { copy, Scatter } from './scatter.ts';

/** Of both suites. */
const KEY_BYTES = 32;

const SET_NONCE_LENGTH = 0x09;
const GET_TAG = 0x10;
const SET_TAG = 0x11;

/** Below this, parts are filled by copying: a call for each would cost more than the copy. */
const MIN_PART_BYTES = 4096;
/** More pieces than this, of small files, are joined first, for the same reason. */
const MAX_PIECES = 8;
/** More than any record. */
const SCRATCH_BYTES = 65_536;

const nothing = new Uint8Array(AEAD_TAG_BYTES);
/** One of each for all, for the time of a call, so that they stay in the processor's cache. */
const scratch = new Uint8Array(SCRATCH_BYTES);
const joint = new Uint8Array(SCRATCH_BYTES);

/** One key of an AEAD, with a context for each direction that is used. */
export class OpenSslAead implements Aead {
  readonly #calls: OpenSslCalls;
  readonly #cipher: Handle;
  readonly #key: Uint8Array;
  readonly #tag = new Uint8Array(AEAD_TAG_BYTES);
  #sealing: Handle | undefined;
  #opening: Handle | undefined;

  constructor(calls: OpenSslCalls, cipher: Handle, key: Uint8Array) {
    mustBeLong(key, KEY_BYTES);
    this.#calls = calls;
    this.#cipher = cipher;
    this.#key = key;
  }

  seal(nonce: Uint8Array, aad: Uint8Array, plaintext: readonly Uint8Array[]): Uint8Array[] {
    this.#beginSeal(nonce);
    this.#authenticate(this.#sealing as Handle, aad);
    const sealed = new Uint8Array(lengthOf(plaintext));
    const scatter = new Scatter([sealed]);
    for (const piece of plaintext) scatter.fill(piece, this.#seal);
    return [sealed, this.#endSeal().slice()];
  }

  open(nonce: Uint8Array, aad: Uint8Array, sealed: Uint8Array): Uint8Array | undefined {
    if (sealed.length < AEAD_TAG_BYTES) return undefined;
    const into = new Uint8Array(sealed.length - AEAD_TAG_BYTES);
    return this.#openInto(nonce, aad, [sealed], into);
  }

  sealInto(nonce: Uint8Array, plaintext: readonly Uint8Array[], into: readonly Uint8Array[]): void {
    this.#beginSeal(nonce);
    const scatter = new Scatter(into);
    const pieces = plaintext.length > MAX_PIECES ? [joined(plaintext)] : plaintext;
    const first = into[0]?.length ?? 0;
    if (first >= MIN_PART_BYTES) for (const piece of pieces) scatter.fill(piece, this.#seal);
    else scatter.fill(this.#sealToScratch(pieces), copy);
    scatter.fill(this.#endSeal(), copy);
  }

  openInto(
    nonce: Uint8Array,
    sealed: readonly Uint8Array[],
    into: Uint8Array,
  ): Uint8Array | undefined {
    return this.#openInto(nonce, undefined, sealed, into);
  }

  #openInto(
    nonce: Uint8Array,
    aad: Uint8Array | undefined,
    sealed: readonly Uint8Array[],
    into: Uint8Array,
  ): Uint8Array | undefined {
    const length = lengthOf(sealed) - AEAD_TAG_BYTES;
    if (length < 0) return undefined;
    this.#opening ??= this.#context(Direction.open);
    const context = this.#opening;
    this.#begin(context, nonce);
    if (aad !== undefined) this.#authenticate(context, aad);
    this.#takeTag(sealed);
    must(this.#calls.EVP_CIPHER_CTX_ctrl(context, SET_TAG, AEAD_TAG_BYTES, this.#tag));
    let done = 0;
    for (const piece of sealed) {
      const run = Math.min(piece.length, length - done);
      this.#update(context, piece, run, done === 0 ? into : into.subarray(done));
      done += run;
    }
    if (this.#calls.EVP_CipherFinal_ex(context, nothing, written) !== 1) return undefined;
    return into.subarray(0, length);
  }

  /** The last bytes of all; mostly, but not always, of the last piece. */
  #takeTag(sealed: readonly Uint8Array[]): void {
    let wanted = AEAD_TAG_BYTES;
    for (let i = sealed.length - 1; wanted > 0; i -= 1) {
      const piece = sealed[i] as Uint8Array;
      const run = Math.min(piece.length, wanted);
      wanted -= run;
      this.#tag.set(piece.subarray(piece.length - run), wanted);
    }
  }

  /** The ciphertext, valid until the next call on any key. */
  #sealToScratch(plaintext: readonly Uint8Array[]): Uint8Array {
    const length = recordLength(plaintext);
    const scatter = new Scatter([scratch]);
    for (const piece of plaintext) scatter.fill(piece, this.#seal);
    return scratch.subarray(0, length);
  }

  readonly #seal = (from: Uint8Array, into: Uint8Array): void => {
    this.#update(this.#sealing as Handle, from, from.length, into);
  };

  #beginSeal(nonce: Uint8Array): void {
    this.#sealing ??= this.#context(Direction.seal);
    this.#begin(this.#sealing, nonce);
  }

  #endSeal(): Uint8Array {
    const context = this.#sealing as Handle;
    must(this.#calls.EVP_CipherFinal_ex(context, nothing, written));
    must(this.#calls.EVP_CIPHER_CTX_ctrl(context, GET_TAG, AEAD_TAG_BYTES, this.#tag));
    return this.#tag;
  }

  #context(direction: number): Handle {
    const calls = this.#calls;
    const context = newContext(calls, this);
    must(calls.EVP_CipherInit_ex(context, this.#cipher, null, null, null, direction));
    must(calls.EVP_CIPHER_CTX_ctrl(context, SET_NONCE_LENGTH, AEAD_NONCE_BYTES, nothing));
    must(calls.EVP_CipherInit_ex(context, null, null, this.#key, null, direction));
    return context;
  }

  #begin(context: Handle, nonce: Uint8Array): void {
    mustBeLong(nonce, AEAD_NONCE_BYTES);
    must(this.#calls.EVP_CipherInit_ex(context, null, null, null, nonce, Direction.keep));
  }

  #authenticate(context: Handle, aad: Uint8Array): void {
    if (aad.length === 0) return;
    must(this.#calls.EVP_CipherUpdate(context, null, written, aad, aad.length));
  }

  #update(context: Handle, from: Uint8Array, length: number, into: Uint8Array): void {
    // The library believes the length it is told, so it is never more than there is room for.
    if (length > into.length) throw new Error('unreachable: no room for what is sealed or opened');
    if (length === 0) return;
    must(this.#calls.EVP_CipherUpdate(context, into, written, from, length));
  }
}

/** The pieces one behind another, valid until the next call. */
function joined(pieces: readonly Uint8Array[]): Uint8Array {
  const length = recordLength(pieces);
  let end = 0;
  for (const piece of pieces) {
    joint.set(piece, end);
    end += piece.length;
  }
  return joint.subarray(0, length);
}

function recordLength(pieces: readonly Uint8Array[]): number {
  const length = lengthOf(pieces);
  if (length > SCRATCH_BYTES) throw new Error('unreachable: too long a record');
  return length;
}

function lengthOf(pieces: readonly Uint8Array[]): number {
  let length = 0;
  for (const piece of pieces) length += piece.length;
  return length;
}
