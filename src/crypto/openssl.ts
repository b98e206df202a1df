import { AEAD_NONCE_BYTES, AEAD_TAG_BYTES, type Aead, CipherSuite } from '../protocol/ports.ts';
import { createAead } from './aead.ts';
import { copy, Scatter } from './scatter.ts';

/**
 * The OpenSSL that this process has loaded anyway, called without `node:crypto` in between, which
 * has no way to seal into memory that is there: new memory for each record, and copying out of it,
 * costs as much as the cipher itself (docs/performance.md).
 */
export interface OpenSsl {
  aead(suite: CipherSuite, key: Uint8Array): InPlaceAead;
}

/** What of an AEAD works in memory of the caller. */
export type InPlaceAead = Pick<Aead, 'sealInto' | 'openInPlace'>;

/** `undefined` where there is no koffi, an OpenSSL that is not to be seen, or one that differs. */
export function openSsl(): Promise<OpenSsl | undefined> {
  loaded ??= load().catch(() => undefined);
  return loaded;
}

let loaded: Promise<OpenSsl | undefined> | undefined;

async function load(): Promise<OpenSsl | undefined> {
  const { P2PSHARE_NO_NATIVE } = process.env;
  if (process.platform !== 'linux' || P2PSHARE_NO_NATIVE === '1') return undefined;
  const calls = await libraryCalls();
  const ciphers: Record<CipherSuite, Handle> = {
    [CipherSuite.aes256Gcm]: calls.EVP_aes_256_gcm(),
    [CipherSuite.chacha20Poly1305]: calls.EVP_chacha20_poly1305(),
  };
  const made: OpenSsl = { aead: (suite, key) => new OpenSslAead(calls, ciphers[suite], key) };
  return Object.values(CipherSuite).every((suite) => agrees(made, suite)) ? made : undefined;
}

/** An address in the library, opaque to us. */
type Handle = object;

/** The EVP interface of OpenSSL 1.1.0 and later (EVP_EncryptInit(3)). Calls that fail yield 0. */
interface LibraryCalls {
  EVP_aes_256_gcm(): Handle;
  EVP_chacha20_poly1305(): Handle;
  EVP_CIPHER_CTX_new(): Handle;
  EVP_CIPHER_CTX_free(context: Handle): void;
  EVP_CIPHER_CTX_ctrl(context: Handle, command: number, length: number, at: Uint8Array): number;
  EVP_CipherInit_ex(
    context: Handle,
    cipher: Handle | null,
    engine: null,
    key: Uint8Array | null,
    nonce: Uint8Array | null,
    seals: number,
  ): number;
  EVP_CipherUpdate(
    context: Handle,
    into: Uint8Array,
    written: Int32Array,
    from: Uint8Array,
    length: number,
  ): number;
  EVP_CipherFinal_ex(context: Handle, into: Uint8Array, written: Int32Array): number;
}

async function libraryCalls(): Promise<LibraryCalls> {
  const { default: koffi } = await import('koffi');
  const library = koffi.load(null);
  return {
    EVP_aes_256_gcm: library.func('void *EVP_aes_256_gcm()'),
    EVP_chacha20_poly1305: library.func('void *EVP_chacha20_poly1305()'),
    EVP_CIPHER_CTX_new: library.func('void *EVP_CIPHER_CTX_new()'),
    EVP_CIPHER_CTX_free: library.func('void EVP_CIPHER_CTX_free(void *context)'),
    EVP_CIPHER_CTX_ctrl: library.func(
      'int EVP_CIPHER_CTX_ctrl(void *context, int command, int length, void *at)',
    ),
    EVP_CipherInit_ex: library.func(
      'int EVP_CipherInit_ex(void *context, void *cipher, void *engine, void *key, void *nonce, int seals)',
    ),
    EVP_CipherUpdate: library.func(
      'int EVP_CipherUpdate(void *context, void *into, void *written, void *from, int length)',
    ),
    EVP_CipherFinal_ex: library.func(
      'int EVP_CipherFinal_ex(void *context, void *into, void *written)',
    ),
  };
}

const SEALS = 1;
const OPENS = 0;
const KEEP = -1;
const SET_NONCE_LENGTH = 0x09;
const GET_TAG = 0x10;
const SET_TAG = 0x11;

/** Below this, parts are filled by copying: a call for each would cost more than the copy. */
const MIN_PART_BYTES = 4096;
/** More than any record. */
const SCRATCH_BYTES = 65_536;

/** What the library writes beside the text: nothing is read from it. */
const written = new Int32Array(1);
const nothing = new Uint8Array(AEAD_TAG_BYTES);
/** One for all, for the time of a call, so that it stays in the processor's cache. */
const scratch = new Uint8Array(SCRATCH_BYTES);

/** Contexts are made when they are wanted: most keys seal small things, elsewhere. */
class OpenSslAead implements InPlaceAead {
  readonly #calls: LibraryCalls;
  readonly #cipher: Handle;
  readonly #key: Uint8Array;
  readonly #tag = new Uint8Array(AEAD_TAG_BYTES);
  #sealing: Handle | undefined;
  #opening: Handle | undefined;

  constructor(calls: LibraryCalls, cipher: Handle, key: Uint8Array) {
    this.#calls = calls;
    this.#cipher = cipher;
    this.#key = key;
  }

  sealInto(nonce: Uint8Array, plaintext: readonly Uint8Array[], into: readonly Uint8Array[]): void {
    this.#sealing ??= this.#context(SEALS);
    this.#begin(this.#sealing, nonce);
    const scatter = new Scatter(into);
    const first = into[0]?.length ?? 0;
    if (first >= MIN_PART_BYTES) for (const piece of plaintext) scatter.fill(piece, this.#seal);
    else scatter.fill(this.#sealToScratch(plaintext), copy);
    scatter.fill(this.#endSeal(), copy);
  }

  openInPlace(nonce: Uint8Array, sealed: Uint8Array): Uint8Array | undefined {
    const end = sealed.length - AEAD_TAG_BYTES;
    if (end < 0) return undefined;
    this.#opening ??= this.#context(OPENS);
    const context = this.#opening;
    this.#begin(context, nonce);
    const text = sealed.subarray(0, end);
    this.#tag.set(sealed.subarray(end));
    must(this.#calls.EVP_CIPHER_CTX_ctrl(context, SET_TAG, AEAD_TAG_BYTES, this.#tag));
    this.#update(context, text, text);
    return this.#calls.EVP_CipherFinal_ex(context, nothing, written) === 1 ? text : undefined;
  }

  /** The ciphertext, valid until the next call on any key. */
  #sealToScratch(plaintext: readonly Uint8Array[]): Uint8Array {
    let length = 0;
    for (const piece of plaintext) {
      if (length + piece.length > SCRATCH_BYTES) throw new Error('unreachable: too long a record');
      this.#seal(piece, scratch.subarray(length));
      length += piece.length;
    }
    return scratch.subarray(0, length);
  }

  readonly #seal = (from: Uint8Array, into: Uint8Array): void => {
    this.#update(this.#sealing as Handle, from, into);
  };

  #endSeal(): Uint8Array {
    const context = this.#sealing as Handle;
    must(this.#calls.EVP_CipherFinal_ex(context, nothing, written));
    must(this.#calls.EVP_CIPHER_CTX_ctrl(context, GET_TAG, AEAD_TAG_BYTES, this.#tag));
    return this.#tag;
  }

  #context(direction: number): Handle {
    const calls = this.#calls;
    const context = calls.EVP_CIPHER_CTX_new();
    freeing.register(this, () => calls.EVP_CIPHER_CTX_free(context));
    must(calls.EVP_CipherInit_ex(context, this.#cipher, null, null, null, direction));
    must(calls.EVP_CIPHER_CTX_ctrl(context, SET_NONCE_LENGTH, AEAD_NONCE_BYTES, nothing));
    must(calls.EVP_CipherInit_ex(context, null, null, this.#key, null, direction));
    return context;
  }

  #begin(context: Handle, nonce: Uint8Array): void {
    must(this.#calls.EVP_CipherInit_ex(context, null, null, null, nonce, KEEP));
  }

  #update(context: Handle, from: Uint8Array, into: Uint8Array): void {
    // The library believes the length it is told, so it is never more than there is room for.
    if (from.length > into.length) throw new Error('unreachable: no room for what is sealed');
    if (from.length === 0) return;
    must(this.#calls.EVP_CipherUpdate(context, into, written, from, from.length));
  }
}

/** Contexts hold keys: the library wipes them when they are freed. */
const freeing = new FinalizationRegistry<() => void>((free) => free());

function must(result: number): void {
  if (result !== 1) throw new Error('unreachable: OpenSSL refused a call that it takes');
}

/** Whether what it makes of a sample is what `node:crypto` makes of it, in both directions. */
function agrees(made: OpenSsl, suite: CipherSuite): boolean {
  const key = new Uint8Array(32).fill(3);
  const nonce = new Uint8Array(AEAD_NONCE_BYTES).fill(5);
  const sample = Uint8Array.from({ length: SAMPLE_BYTES }, (_, i) => i);
  const [ours, theirs] = [made.aead(suite, key), createAead(suite, key)];
  return SAMPLE_PARTS.every((partBytes) => {
    const sealed = new Uint8Array(SAMPLE_BYTES + AEAD_TAG_BYTES);
    const parts = [sealed.subarray(0, partBytes), sealed.subarray(partBytes)];
    ours.sealInto(nonce, [sample.subarray(0, 7), sample.subarray(7)], parts);
    const expected = Buffer.concat(theirs.seal(nonce, new Uint8Array(0), [sample]));
    if (!expected.equals(sealed)) return false;
    const changed = sealed.slice();
    changed[9] = 0xff ^ (changed[9] as number);
    if (ours.openInPlace(nonce, changed) !== undefined) return false;
    const opened = ours.openInPlace(nonce, sealed);
    return opened !== undefined && Buffer.from(opened).equals(sample);
  });
}

const SAMPLE_BYTES = 9000;
/** One that is copied into and one that is sealed into. */
const SAMPLE_PARTS = [1000, 5000];
