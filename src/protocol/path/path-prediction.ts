import type { NatBehavior, PortAllocation } from '../nat/nat-behavior.ts';
import { instant } from '../time.ts';
import { choosePlan, isHard, type PunchPlan, type PunchSide } from './punch-plan.ts';

/**
 * How two sides come by a direct path: by plain probes, by predicting a port, by searching for one;
 * or not at all, so that they are relayed.
 */
export type PathPrediction = 'direct' | 'predicted' | 'searched' | 'relayed';

/**
 * What becomes of two sides whose NATs do this. It asks the ladder for the plans of both, so it
 * cannot promise what the ladder would not try. What is unknown of a NAT counts as it does there.
 */
export function predictPath(own: NatBehavior, peer: NatBehavior): PathPrediction {
  const sides = [sideOf(own), sideOf(peer)] as const;
  const plans = [choosePlan(sides[0], sides[1], AT), choosePlan(sides[1], sides[0], AT)];
  if (plans.some(isPrediction)) return 'predicted';
  if (plans.some(({ kind }) => kind !== 'none')) return 'searched';
  // Without a plan either plain probes are enough, or nothing is.
  return isHard(own) && isHard(peer) ? 'relayed' : 'direct';
}

/** What is known of one side of a pair. */
export interface PairSide {
  readonly nat: NatBehavior;
  /** Whether its router lets everybody in, because it was asked to. */
  readonly isMapped: boolean;
}

/** What becomes of two sides that are known, of which the server may see one by TCP only. */
export function predictPair(
  own: PairSide,
  peer: PairSide,
  isUdpBlocked: boolean,
): PathPrediction | 'tcp' {
  if (!isUdpBlocked) return predictPath(effective(own), effective(peer));
  // Most NATs treat TCP as they treat UDP. Of who is blocked nothing is known, and little needed.
  return isHard(own.nat) || isHard(peer.nat) ? 'relayed' : 'tcp';
}

function effective({ nat, isMapped }: PairSide): NatBehavior {
  return isMapped ? PEERS.open : nat;
}

/** Peers as one meets them. */
export const PEERS = {
  /** A public address, or a NAT that lets everybody in. */
  open: behavior('endpoint-independent', 'endpoint-independent', { kind: 'preserving' }),
  /** An ordinary home router, or a firewall and no NAT. */
  home: behavior('endpoint-independent', 'address-and-port-dependent', { kind: 'preserving' }),
  /** A NAT that gives a port to each destination, one after the other. */
  sequential: hard({ kind: 'sequential', step: 1 }),
  /** The same, out of a few hundred ports that a carrier has set aside for a subscriber. */
  block: hard({ kind: 'block', low: 20_000, high: 20_511 }),
  /** The same, out of all ports. */
  random: hard({ kind: 'random' }),
} as const satisfies Record<string, NatBehavior>;

export type PeerKind = keyof typeof PEERS;

/** A host whose firewall lets in whom it has written to, as most are that have IPv6. */
export const FIREWALLED: NatBehavior = PEERS.home;

function isPrediction(plan: PunchPlan): boolean {
  return plan.kind === 'meet' || (plan.kind === 'search' && plan.ports.kind === 'sequence');
}

/** Two samples of an allocator can always be had where a server answers. */
function sideOf(nat: NatBehavior): PunchSide {
  return { nat, samples: { before: ANY_PORT, after: ANY_PORT, at: AT, rate: 0 }, thorough: false };
}

/** Far enough from both ends for every search. */
const ANY_PORT = 30_000;
const AT = instant(0);

function hard(allocation: PortAllocation): NatBehavior {
  return behavior('address-and-port-dependent', 'address-and-port-dependent', allocation);
}

function behavior(
  mapping: NatBehavior['mapping'],
  filtering: NatBehavior['filtering'],
  allocation: PortAllocation,
): NatBehavior {
  return { mapping, filtering, allocation };
}
