import { P2PShareError } from '../../protocol/errors.ts';
import { verifierWords } from '../../protocol/handshake/verifier-words.ts';
import type { Verify } from '../api/options.ts';
import { answer } from './answer.ts';

/**
 * Has two people compare what only the two ends of one session share, if they want to, or waits until
 * the session is `over`. Throws `P2P_NOT_VERIFIED` when it is not the same on both sides.
 */
export async function verified(
  { verify }: { readonly verify?: Verify },
  { ticket }: { readonly ticket: { readonly offer?: unknown } },
  verifier: Uint8Array,
  over: AbortSignal,
): Promise<void> {
  // What was accepted in another process had been verified there.
  if (verify === undefined || ticket.offer !== undefined || over.aborted) return;
  const isSame = await answer(verify(verifierWords(verifier), over), over);
  if (over.aborted || isSame === true) return;
  throw new P2PShareError('P2P_NOT_VERIFIED', 'the verifiers are not the same');
}
