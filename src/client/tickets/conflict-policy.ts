import type { ConflictPolicy, Decision, ReceiveOptions } from '../api/options.ts';
import type { StoredOffer } from './ticket.ts';

/** What to do about names that are taken. `ask` without an answer is `fail`: nothing is replaced that nobody agreed to. */
export function conflictPolicy(
  options: Pick<ReceiveOptions, 'onConflict'>,
  decision: Extract<Decision, { accept: true }>,
): ConflictPolicy {
  const { onConflict = 'fail' } = options;
  return decision.onConflict ?? (onConflict === 'ask' ? 'fail' : onConflict);
}

/** The same of what was accepted in an earlier session: what was said then, unless a way around is asked for now. */
export function keptPolicy(
  before: StoredOffer | undefined,
  asked: ReceiveOptions['onConflict'] = 'fail',
): ConflictPolicy {
  return asked === 'ask' || asked === 'fail' ? (before?.onConflict ?? 'fail') : asked;
}
