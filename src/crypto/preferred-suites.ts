import { performance } from 'node:perf_hooks';
import { AEAD_TAG_BYTES, type Aead, CipherSuite, type Crypto } from '../protocol/ports.ts';

/**
 * Both cipher suites, the one that seals faster on this machine first: AES-256-GCM where the
 * processor has instructions for it, else ChaCha20-Poly1305. Takes about a millisecond, never more
 * than some three.
 */
export function preferredSuites(
  crypto: Pick<Crypto, 'aead'>,
  clock: () => number = () => performance.now(),
): CipherSuite[] {
  const { aes256Gcm, chacha20Poly1305 } = CipherSuite;
  const key = new Uint8Array(32);
  const aes = crypto.aead(aes256Gcm, key);
  const chacha = crypto.aead(chacha20Poly1305, key);
  let best = { aes: Number.POSITIVE_INFINITY, chacha: Number.POSITIVE_INFINITY };
  const end = clock() + BUDGET_MS;
  for (let round = 0; round < ROUNDS && clock() < end; round += 1) {
    best = {
      aes: Math.min(best.aes, time(aes, clock)),
      chacha: Math.min(best.chacha, time(chacha, clock)),
    };
  }
  return best.chacha < best.aes * (1 - TIE)
    ? [chacha20Poly1305, aes256Gcm]
    : [aes256Gcm, chacha20Poly1305];
}

const BUDGET_MS = 2.5;
/** The fastest of a few rounds: whatever else the machine does can only make one slower. */
const ROUNDS = 8;
/**
 * Differences below this share may be noise; then AES-256-GCM it is. Without instructions for it,
 * it is far slower.
 */
const TIE = 0.4;
const SAMPLE = [new Uint8Array(16 * 1024)];
const SEALED = new Uint8Array(16 * 1024 + AEAD_TAG_BYTES);

// The key is thrown away, so the nonce may repeat.
function time(aead: Aead, clock: () => number): number {
  const start = clock();
  aead.sealInto(new Uint8Array(12), SAMPLE, SEALED);
  return clock() - start;
}
