import {
  type CipherGCM,
  type CipherGCMTypes,
  createCipheriv,
  createDecipheriv,
  createSecretKey,
  type DecipherGCM,
  type KeyObject,
} from 'node:crypto';
import { AEAD_NONCE_BYTES, AEAD_TAG_BYTES, type Aead, CipherSuite } from '../protocol/ports.ts';

/**
 * One key (32 bytes) of AES-256-GCM (NIST SP 800-38D), AES-256-OCB (RFC 7253) or ChaCha20-Poly1305
 * (RFC 8439). Throws where the OpenSSL of this Node has no such cipher.
 */
export function createAead(suite: CipherSuite, key: Uint8Array): Aead {
  const algorithm = ALGORITHMS[suite];
  const secret = createSecretKey(key);
  return {
    seal: (nonce, aad, plaintext) => seal(algorithm, secret, nonce, aad, plaintext),
    open: (nonce, aad, sealed) => open(algorithm, secret, nonce, aad, sealed),
    sealInto: (nonce, plaintext, into) => {
      let end = 0;
      for (const piece of seal(algorithm, secret, nonce, NO_AAD, plaintext)) {
        into.set(piece, end);
        end += piece.length;
      }
    },
    openInto: (nonce, sealed) => open(algorithm, secret, nonce, NO_AAD, sealed),
  };
}

// Node's types name only GCM here; the calls for the others are the same ones.
const ALGORITHMS: Record<CipherSuite, CipherGCMTypes> = {
  [CipherSuite.aes256Gcm]: 'aes-256-gcm',
  [CipherSuite.aes256Ocb]: 'aes-256-ocb' as CipherGCMTypes,
  [CipherSuite.chacha20Poly1305]: 'chacha20-poly1305' as CipherGCMTypes,
};

/** What the OpenSSL of this Node has, and does well: one may be built without OCB. */
export function availableSuites(): CipherSuite[] {
  return Object.values(CipherSuite).filter((suite) => {
    try {
      return protectsEnds(createAead(suite, new Uint8Array(32)));
    } catch {
      return false;
    }
  });
}

/**
 * Whether a byte behind the last whole block is authenticated. A part of OpenSSL's OCB that we do not
 * call did not do that (CVE-2025-69418), and whatever is sealed would go on to look well.
 */
export function protectsEnds(aead: Pick<Aead, 'seal' | 'open'>): boolean {
  const nonce = new Uint8Array(AEAD_NONCE_BYTES);
  const sealed = Buffer.concat(aead.seal(nonce, NO_AAD, [new Uint8Array(UNEVEN_BYTES)]));
  if (aead.open(nonce, NO_AAD, sealed)?.length !== UNEVEN_BYTES) return false;
  const end = sealed.length - AEAD_TAG_BYTES - 1;
  sealed[end] = (sealed[end] as number) ^ 1;
  return aead.open(nonce, NO_AAD, sealed) === undefined;
}

/** Some blocks, and a part of one. */
const UNEVEN_BYTES = 16 * 16 + 5;

const NO_AAD = new Uint8Array(0);

const OPTIONS = { authTagLength: AEAD_TAG_BYTES };

// Pieces instead of one buffer: a record is gathered from many and written behind headers anyway,
// so joining them here would copy every byte once more.
function seal(
  algorithm: CipherGCMTypes,
  key: KeyObject,
  nonce: Uint8Array,
  aad: Uint8Array,
  plaintext: readonly Uint8Array[],
): Uint8Array[] {
  const cipher: CipherGCM = createCipheriv(algorithm, key, nonce, OPTIONS);
  cipher.setAAD(aad);
  const pieces: Uint8Array[] = plaintext.map((piece) => cipher.update(piece));
  const last = cipher.final();
  if (last.length > 0) pieces.push(last);
  pieces.push(cipher.getAuthTag());
  return pieces;
}

function open(
  algorithm: CipherGCMTypes,
  key: KeyObject,
  nonce: Uint8Array,
  aad: Uint8Array,
  sealed: Uint8Array,
): Uint8Array | undefined {
  const end = sealed.length - AEAD_TAG_BYTES;
  if (end < 0) return undefined;
  const decipher: DecipherGCM = createDecipheriv(algorithm, key, nonce, OPTIONS);
  decipher.setAAD(aad).setAuthTag(sealed.subarray(end));
  const plaintext = decipher.update(sealed.subarray(0, end));
  try {
    const last = decipher.final();
    return last.length === 0 ? plaintext : Buffer.concat([plaintext, last]);
  } catch {
    return undefined;
  }
}
