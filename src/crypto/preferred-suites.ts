import { performance } from 'node:perf_hooks';
import { AEAD_TAG_BYTES, type Aead, CipherSuite, type Crypto } from '../protocol/ports.ts';
import { availableSuites } from './aead.ts';

/**
 * The cipher suites that there are, the one that seals fastest on this machine first: AES where the
 * processor has instructions for it, else ChaCha20-Poly1305. Takes about a millisecond, never more than
 * some three.
 */
export function preferredSuites(
  crypto: Pick<Crypto, 'aead'>,
  clock: () => number = () => performance.now(),
): CipherSuite[] {
  const key = new Uint8Array(32);
  const contestants = availableSuites().map((suite) => {
    return { suite, aead: crypto.aead(suite, key), best: Number.POSITIVE_INFINITY };
  });
  const end = clock() + BUDGET_MS;
  for (let round = 0; round < ROUNDS && clock() < end; round += 1) {
    for (const each of contestants) each.best = Math.min(each.best, time(each.aead, clock));
  }
  const handicapped = ({ suite, best }: { suite: CipherSuite; best: number }) =>
    suite === CipherSuite.chacha20Poly1305 ? best / (1 - TIE) : best;
  return contestants.sort((a, b) => handicapped(a) - handicapped(b)).map(({ suite }) => suite);
}

const BUDGET_MS = 2.5;
/** The fastest of a few rounds: whatever else the machine does can only make one slower. */
const ROUNDS = 8;
/**
 * Differences to AES below this share may be noise; then AES it is. Without instructions for it, it is
 * far slower.
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
