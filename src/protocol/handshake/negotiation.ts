import type { ErrorCode } from '../errors.ts';
import { CipherSuite } from '../ports.ts';

/** Versions of the protocol that this code speaks. */
export const VERSIONS: readonly number[] = [1];

/** The newest version that both sides speak. */
export function commonVersion(theirs: readonly number[]): number | undefined {
  const common = VERSIONS.filter((version) => theirs.includes(version));
  return common.length === 0 ? undefined : Math.max(...common);
}

/** What keeps a receiver from a sender of these versions, none of which it speaks. */
export function mismatchWithSender(theirs: readonly number[]): ErrorCode {
  if (theirs.length === 0) return 'P2P_VERSION_MISMATCH';
  return Math.max(...theirs) < Math.max(...VERSIONS)
    ? 'P2P_SENDER_OUTDATED'
    : 'P2P_RECEIVER_OUTDATED';
}

/**
 * The suite of a session, of those in common: ChaCha20-Poly1305, which is never slow anywhere, if it is
 * the favourite of either side, which then has no instructions for AES; else our own favourite.
 */
export function chooseSuite(
  ours: readonly CipherSuite[],
  theirs: readonly number[],
): CipherSuite | undefined {
  const common = ours.filter((suite) => theirs.includes(suite));
  const favourites = [common[0], theirs.find((suite) => common.some((one) => one === suite))];
  const { chacha20Poly1305 } = CipherSuite;
  return favourites.includes(chacha20Poly1305) ? chacha20Poly1305 : common[0];
}
