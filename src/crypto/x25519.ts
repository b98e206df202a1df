import { createPrivateKey, createPublicKey, diffieHellman, type KeyObject } from 'node:crypto';
import { concat } from '../protocol/handshake/lv-cat.ts';

/** Length of scalars, u-coordinates and results (RFC 7748 §5). */
export const X25519_BYTES = 32;

/** The private key of a 32-byte scalar; OpenSSL clamps it when it is used. */
export function x25519PrivateKey(scalar: Uint8Array): KeyObject {
  const key = Buffer.from(concat([PKCS8_PREFIX, scalar]));
  const privateKey = createPrivateKey({ key, format: 'der', type: 'pkcs8' });
  key.fill(0);
  return privateKey;
}

/** X25519 (RFC 7748 §5) of our key and a u-coordinate; `undefined` when the result is all zeros. */
export function x25519(privateKey: KeyObject, u: Uint8Array): Uint8Array | undefined {
  if (u.length !== X25519_BYTES) return undefined;
  const key = Buffer.from(concat([SPKI_PREFIX, u]));
  const publicKey = createPublicKey({ key, format: 'der', type: 'spki' });
  try {
    return diffieHellman({ privateKey, publicKey });
  } catch {
    // RFC 7748 §6.1: OpenSSL itself refuses the all-zero result of a low-order point.
    return undefined;
  }
}

// RFC 8410 §3, §7: everything of the DER encoding but the 32 bytes themselves.
const PKCS8_PREFIX = Buffer.from('302e020100300506032b656e04220420', 'hex');
const SPKI_PREFIX = Buffer.from('302a300506032b656e032100', 'hex');
