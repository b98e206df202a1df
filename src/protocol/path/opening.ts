import type { NatBehavior } from '../nat/nat-behavior.ts';
import { elapsed, type Instant, type Millis, millis } from '../time.ts';
import type { CandidatePair } from './candidate-pair.ts';
import type { PathRole } from './path-selector.ts';
import { isHard, isStrict } from './punch-plan.ts';

/** Hops of one probe; `undefined` is for one that is to arrive. */
export type Hops = number | undefined;

/** When probes that die on the way go how far. */
export interface OpenerPass {
  readonly at: Millis;
  readonly ttl: Hops;
}

/**
 * The first two die on the way, behind a NAT of our own and behind that of a carrier; the last one
 * gets there, where it takes more hops.
 */
export const OPENER_PASSES: readonly OpenerPass[] = [
  { at: millis(0), ttl: 2 },
  { at: millis(1200), ttl: 3 },
  { at: millis(2600), ttl: undefined },
];

/** By then a peer of whom nothing was heard has opened its own NAT all the same, or never will. */
const OPENING: Millis = millis(400);
const OWN_NAT_ONLY: Hops = 2;
const ALL_THE_WAY: readonly Hops[] = [undefined];

/** What decides how far probes go. */
export interface Openness {
  readonly role: PathRole;
  /** The peer was heard by any way, the relay and the server among them. */
  readonly peerHasBegun: boolean;
  readonly own: NatBehavior;
  readonly peer: NatBehavior;
}

/**
 * How many hops each of the probes gets that are due for a pair now: one, or two of them.
 *
 * A router that takes in what arrives uninvited notes it as a flow of its own; the probes of the host
 * behind it then need another port for the same remote, and never meet ours. So neither side's
 * probes should arrive before the other side has sent. The controlled side is met last: the peer
 * has opened by then. That the controlled side has opened as well shows in whatever is heard of it.
 * And a port that the peer has yet to search for must not come to it at all.
 */
export function openingOf(pair: CandidatePair, openness: Openness, now: Instant): readonly Hops[] {
  if (pair.kind !== 'srflx' || pair.wasHeard) return ALL_THE_WAY;
  const { role, peerHasBegun, own, peer } = openness;
  const age = elapsed(pair.since, now);
  if (isHard(own)) return isStrict(peer.filtering) ? [passAt(age)] : ALL_THE_WAY;
  if (role === 'controlled') {
    return pair.lastProbeAt === undefined ? [OWN_NAT_ONLY, undefined] : ALL_THE_WAY;
  }
  return !peerHasBegun && age < OPENING ? [OWN_NAT_ONLY] : ALL_THE_WAY;
}

function passAt(age: Millis): Hops {
  return OPENER_PASSES.findLast(({ at }) => at <= age)?.ttl;
}
