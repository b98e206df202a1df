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

/** Of all suites. */
const KEY_BYTES = 32;

const SET_NONCE_LENGTH = 0x09;
const GET_TAG = 0x10;
const SET_TAG = 0x11;

/** More pieces than this, of small files, are joined first: a call for each would cost more. */
const MAX_PIECES = 8;

const NO_AAD = new Uint8Array(0);
const nothing = new Uint8Array(AEAD_TAG_BYTES);

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
    const sealed = new Uint8Array(lengthOf(plaintext));
    this.#seal(nonce, aad, plaintext, sealed);
    return [sealed, this.#tag.slice()];
  }

  open(nonce: Uint8Array, aad: Uint8Array, sealed: Uint8Array): Uint8Array | undefined {
    if (sealed.length < AEAD_TAG_BYTES) return undefined;
    const into = new Uint8Array(sealed.length - AEAD_TAG_BYTES);
    return this.#open(nonce, aad, sealed, into);
  }

  sealInto(nonce: Uint8Array, plaintext: readonly Uint8Array[], into: Uint8Array): void {
    const length = lengthOf(plaintext);
    mustHaveRoom(into, length + AEAD_TAG_BYTES);
    this.#seal(nonce, NO_AAD, plaintext, into);
    into.set(this.#tag, length);
  }

  openInto(nonce: Uint8Array, sealed: Uint8Array, into: Uint8Array): Uint8Array | undefined {
    return sealed.length < AEAD_TAG_BYTES ? undefined : this.#open(nonce, NO_AAD, sealed, into);
  }

  /** Puts the ciphertext where `into` begins, and the tag into `#tag`. */
  #seal(
    nonce: Uint8Array,
    aad: Uint8Array,
    plaintext: readonly Uint8Array[],
    into: Uint8Array,
  ): void {
    this.#sealing ??= this.#context(Direction.seal);
    const context = this.#sealing;
    this.#begin(context, nonce);
    this.#authenticate(context, aad);
    const pieces = plaintext.length > MAX_PIECES ? [joined(plaintext, into)] : plaintext;
    let done = 0;
    for (const piece of pieces) {
      done += this.#update(context, piece, piece.length, done === 0 ? into : into.subarray(done));
    }
    must(this.#finish(context, into, done));
    must(this.#calls.EVP_CIPHER_CTX_ctrl(context, GET_TAG, AEAD_TAG_BYTES, this.#tag));
  }

  #open(
    nonce: Uint8Array,
    aad: Uint8Array,
    sealed: Uint8Array,
    into: Uint8Array,
  ): Uint8Array | undefined {
    const length = sealed.length - AEAD_TAG_BYTES;
    this.#opening ??= this.#context(Direction.open);
    const context = this.#opening;
    this.#begin(context, nonce);
    this.#authenticate(context, aad);
    this.#tag.set(sealed.subarray(length));
    must(this.#calls.EVP_CIPHER_CTX_ctrl(context, SET_TAG, AEAD_TAG_BYTES, this.#tag));
    const done = this.#update(context, sealed, length, into);
    return this.#finish(context, into, done) === 1 ? into.subarray(0, length) : undefined;
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

  /** Yields how many bytes are in `into`: OCB keeps those behind the last whole block. */
  #update(context: Handle, from: Uint8Array, length: number, into: Uint8Array): number {
    mustHaveRoom(into, length);
    if (length === 0) return 0;
    must(this.#calls.EVP_CipherUpdate(context, into, written, from, length));
    return written[0] as number;
  }

  /** Writes what is kept, behind what is done; 1 where the tag is what it should be. */
  #finish(context: Handle, into: Uint8Array, done: number): number {
    return this.#calls.EVP_CipherFinal_ex(context, into.subarray(done), written);
  }
}

/** The library believes the length it is told. */
function mustHaveRoom(into: Uint8Array, length: number): void {
  if (length > into.length) throw new Error('unreachable: no room for what is sealed or opened');
}

/** The pieces one behind another in `into`, where they are sealed next. */
function joined(pieces: readonly Uint8Array[], into: Uint8Array): Uint8Array {
  let end = 0;
  for (const piece of pieces) {
    into.set(piece, end);
    end += piece.length;
  }
  return into.subarray(0, end);
}

function lengthOf(pieces: readonly Uint8Array[]): number {
  let length = 0;
  for (const piece of pieces) length += piece.length;
  return length;
}
