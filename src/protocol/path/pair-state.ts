/** RFC 8445 §6.1.2.6, without `frozen`: there is one component, so every pair starts unfrozen. */
export const PAIR_STATES = ['waiting', 'in-progress', 'succeeded', 'failed'] as const;
export type PairState = (typeof PAIR_STATES)[number];

/**
 * What happens to a pair: a probe to it left, an answer from it came, the peer was heard on it
 * (RFC 8445 §7.3.1.4), or its time ran out.
 */
export const PAIR_EVENTS = ['probe-sent', 'answered', 'triggered', 'expired'] as const;
export type PairEvent = (typeof PAIR_EVENTS)[number];

/** An absent entry is a broken invariant. */
export const PAIR_TRANSITIONS: Readonly<
  Record<PairState, Readonly<Partial<Record<PairEvent, PairState>>>>
> = {
  // `answered`: the check was triggered anew, and then an earlier probe was answered after all.
  waiting: { 'probe-sent': 'in-progress', answered: 'succeeded', triggered: 'waiting' },
  'in-progress': {
    'probe-sent': 'in-progress',
    answered: 'succeeded',
    triggered: 'in-progress',
    expired: 'failed',
  },
  // RFC 7675 §5.1: consent is asked for again and again on a pair that works, and may be lost.
  succeeded: {
    'probe-sent': 'succeeded',
    answered: 'succeeded',
    triggered: 'succeeded',
    expired: 'failed',
  },
  // RFC 8445 has failed pairs end here; ours may come back, as a path does after a blackout.
  failed: { 'probe-sent': 'failed', answered: 'succeeded', triggered: 'waiting' },
};

export function nextPairState(state: PairState, event: PairEvent): PairState {
  const next = PAIR_TRANSITIONS[state][event];
  if (next === undefined) throw new Error(`unreachable: ${event} of a pair that is ${state}`);
  return next;
}
