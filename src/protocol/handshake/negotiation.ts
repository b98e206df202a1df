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
 * The suite of a session: AES-256-GCM if it is the favourite of both, else ChaCha20-Poly1305, which
 * is never slow anywhere; whatever else is common if that is not.
 */
export function chooseSuite(
  ours: readonly CipherSuite[],
  theirs: readonly number[],
): CipherSuite | undefined {
  const { aes256Gcm, chacha20Poly1305 } = CipherSuite;
  if (ours[0] === aes256Gcm && theirs[0] === aes256Gcm) return aes256Gcm;
  const common = ours.filter((suite) => theirs.includes(suite));
  return common.includes(chacha20Poly1305) ? chacha20Poly1305 : common[0];
}
