import {
  AEAD_NONCE_BYTES,
  AEAD_TAG_BYTES,
  type Aead,
  type BlockCipher,
  CipherSuite,
} from '../protocol/ports.ts';
import { availableSuites, createAead } from './aead.ts';
import { createBlockCipher } from './block-cipher.ts';
import { mayCallLibraries } from './native.ts';
import { OpenSslAead } from './openssl-aead.ts';
import { OpenSslBlockCipher } from './openssl-block-cipher.ts';
import { type Handle, type OpenSslCalls, openSslCalls } from './openssl-calls.ts';

/**
 * The OpenSSL that this process has loaded anyway, called without `node:crypto` in between, which
 * has no way to seal into memory that is there: new memory for each record, and copying out of it,
 * costs as much as the cipher itself, and a new cipher for each small packet five times as much
 * (docs/performance.md).
 */
export interface OpenSsl {
  aead(suite: CipherSuite, key: Uint8Array): Aead;
  blockCipher(key: Uint8Array): BlockCipher;
}

/** `undefined` where there is no koffi, an OpenSSL that is not to be seen, or one that differs. */
export function openSsl(): Promise<OpenSsl | undefined> {
  loaded ??= load().catch(() => undefined);
  return loaded;
}

let loaded: Promise<OpenSsl | undefined> | undefined;

async function load(): Promise<OpenSsl | undefined> {
  return mayCallLibraries() ? openSslBy(await openSslCalls()) : undefined;
}

/** The same by these calls; what they lack is done by `node:crypto`. */
export function openSslBy(calls: OpenSslCalls): OpenSsl | undefined {
  const ciphers: Record<CipherSuite, Handle | undefined> = {
    [CipherSuite.aes256Gcm]: calls.EVP_aes_256_gcm(),
    [CipherSuite.aes256Ocb]: calls.EVP_aes_256_ocb?.(),
    [CipherSuite.chacha20Poly1305]: calls.EVP_chacha20_poly1305(),
  };
  const made: OpenSsl = {
    aead: (suite, key) => {
      const cipher = ciphers[suite];
      return cipher === undefined ? createAead(suite, key) : new OpenSslAead(calls, cipher, key);
    },
    blockCipher: (key) => new OpenSslBlockCipher(calls, key),
  };
  const agrees = availableSuites().every((suite) => agreesOnAead(made, suite));
  return agrees && agreesOnBlocks(made) ? made : undefined;
}

/** Whether what it makes of a sample is what `node:crypto` makes of it, in both directions. */
function agreesOnAead(made: OpenSsl, suite: CipherSuite): boolean {
  const key = new Uint8Array(32).fill(3);
  const nonce = new Uint8Array(AEAD_NONCE_BYTES).fill(5);
  const [ours, theirs] = [made.aead(suite, key), createAead(suite, key)];
  const aad = SAMPLE.subarray(0, 24);
  const expected = Buffer.concat(theirs.seal(nonce, aad, [SAMPLE]));
  if (!expected.equals(Buffer.concat(ours.seal(nonce, aad, [SAMPLE])))) return false;
  const opened = ours.open(nonce, aad, expected);
  if (opened === undefined || !Buffer.from(opened).equals(SAMPLE)) return false;
  return [2, 20].every((pieces) => agreesInMemory(ours, theirs, nonce, pieces));
}

/** The same in memory of the caller, sealed from so many pieces: a few one by one, many together. */
function agreesInMemory(ours: Aead, theirs: Aead, nonce: Uint8Array, count: number): boolean {
  const sealed = new Uint8Array(SAMPLE.length + AEAD_TAG_BYTES);
  const size = SAMPLE.length / count;
  const pieces = Array.from({ length: count }, (_, i) => SAMPLE.subarray(i * size, (i + 1) * size));
  ours.sealInto(nonce, pieces, sealed);
  const expected = Buffer.concat(theirs.seal(nonce, new Uint8Array(0), [SAMPLE]));
  if (!expected.equals(sealed)) return false;
  const into = new Uint8Array(SAMPLE.length);
  const changed = sealed.slice();
  changed[9] = 0xff ^ (changed[9] as number);
  if (ours.openInto(nonce, changed, into) !== undefined) return false;
  const opened = ours.openInto(nonce, sealed, sealed);
  return opened !== undefined && Buffer.from(opened).equals(SAMPLE);
}

function agreesOnBlocks(made: OpenSsl): boolean {
  const key = new Uint8Array(16).fill(3);
  const blocks = SAMPLE.subarray(0, 64);
  const expected = Buffer.from(createBlockCipher(key).encrypt(blocks));
  return expected.equals(made.blockCipher(key).encrypt(blocks));
}

const SAMPLE = Uint8Array.from({ length: 9000 }, (_, i) => i);
