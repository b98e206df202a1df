import { elapsed, type Instant, type Millis, millis } from '../time.ts';
import type { CandidatePair } from './candidate-pair.ts';
import type { PathRole } from './path-selector.ts';

/** Enough for the NAT of a home, and not for that of the peer. */
export const OPENER_TTL = 2;

/** By then the peer, who was met at the same time but for a round trip or two, has opened its own NAT. */
const OPENING: Millis = millis(400);

/**
 * Whether a probe goes only as far as our own NATs, or another one that does goes first.
 *
 * A router that takes in what arrives uninvited notes it as a flow of its own; the probes of the host
 * behind it then need another port for the same remote, and never meet ours. So neither side's
 * probes should arrive before the other side has sent. The controlled side is met last: the peer
 * has opened by then, and it says so by its first probe.
 */
export function openingOf(
  pair: CandidatePair,
  role: PathRole,
  now: Instant,
): 'only' | 'first' | undefined {
  if (pair.kind !== 'srflx' || pair.wasHeard) return undefined;
  if (role === 'controlled') return pair.lastProbeAt === undefined ? 'first' : undefined;
  return elapsed(pair.since, now) < OPENING ? 'only' : undefined;
}
