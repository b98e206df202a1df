import { elapsed, type Instant, type Millis, millis } from '../time.ts';
import type { CandidatePair } from './candidate-pair.ts';
import type { PathRole } from './path-selector.ts';

/** Enough for the NAT of a home, and not for that of the peer. */
export const OPENER_TTL = 2;

/** By then a peer of whom nothing was heard has opened its own NAT all the same, or never will. */
const OPENING: Millis = millis(400);

/**
 * Whether a probe goes only as far as our own NATs, or another one that does goes first.
 *
 * A router that takes in what arrives uninvited notes it as a flow of its own; the probes of the host
 * behind it then need another port for the same remote, and never meet ours. So neither side's
 * probes should arrive before the other side has sent. The controlled side is met last: the peer
 * has opened by then. That the controlled side has opened as well shows in whatever is heard of it
 * by any way, the relay and the server among them (`peerHasBegun`).
 */
export function openingOf(
  pair: CandidatePair,
  { role, peerHasBegun }: { readonly role: PathRole; readonly peerHasBegun: boolean },
  now: Instant,
): 'only' | 'first' | undefined {
  if (pair.kind !== 'srflx' || pair.wasHeard) return undefined;
  if (role === 'controlled') return pair.lastProbeAt === undefined ? 'first' : undefined;
  return !peerHasBegun && elapsed(pair.since, now) < OPENING ? 'only' : undefined;
}
