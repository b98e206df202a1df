import type { NatBehavior, PortAllocation } from '../nat/nat-behavior.ts';
import { elapsed, type Instant } from '../time.ts';
import { limits } from './limits.ts';

/**
 * Two public ports that the allocator of a NAT gave out: one before the mapping in question was
 * made, one after it.
 */
export interface PortSamples {
  readonly before: number;
  readonly after: number;
  /** When `after` was given out, by our clock. */
  readonly at: Instant;
  /** Ports that the allocator gives out in a second, to other hosts mostly; at least 0. */
  readonly rate: number;
}

/** The two ports alone. */
export type PortSpan = Pick<PortSamples, 'before' | 'after'>;

/** What is known of one side when the ladder has to choose. */
export interface PunchSide {
  readonly nat: NatBehavior;
  readonly samples: PortSamples | undefined;
  /** Whether its user wants a direct path so much that a search may cost ten times as much. */
  readonly thorough: boolean;
}

/** Which ports of the peer's public address are tried, in this order. */
export type PortSearch =
  /** Those between the samples, then upwards: the allocator counts. */
  | { readonly kind: 'sequence'; readonly samples: PortSpan; readonly step: number }
  /** At random between `low` and `high`, both included, none twice. */
  | { readonly kind: 'range'; readonly low: number; readonly high: number };

/** What one side does, at the same time as the other, when plain probes did not open a direct path. */
export type PunchPlan =
  /** Nothing more than plain probes: they are enough, or nothing is. */
  | { readonly kind: 'none' }
  /**
   * Probes to many ports of the peer: from the one mapping that we have, or from several sockets
   * where the mapping that the peer has to hit is uncertain as well.
   */
  | {
      readonly kind: 'search';
      readonly ports: PortSearch;
      readonly sockets: number;
      readonly thorough: boolean;
    }
  /** Many sockets, each with a mapping of its own towards the peer: one of them will be found. */
  | { readonly kind: 'openers'; readonly sockets: number }
  /** Several sockets towards the one port that the peer's allocator is about to give. */
  | { readonly kind: 'meet'; readonly sockets: number; readonly port: number };

/**
 * The plan of our side. Both sides choose from the same two descriptions, so that their plans fit
 * without a word: `search` meets `openers`, `search` meets `search`, `meet` meets `meet`.
 */
export function choosePlan(own: PunchSide, peer: PunchSide, now: Instant): PunchPlan {
  if (isHard(own.nat) && isHard(peer.nat)) return planForTwo(own, peer, now);
  if (isHard(peer.nat)) return needsSearch(own.nat) ? searchFor(peer) : NONE;
  if (isHard(own.nat)) return needsSearch(peer.nat) ? openersFor(own) : NONE;
  return NONE;
}

/** Mappings that depend on the destination, and a filter to match: no two remotes see one port. */
export function isHard({ mapping, filtering }: NatBehavior): boolean {
  const depends = mapping === 'address-dependent' || mapping === 'address-and-port-dependent';
  return depends && isStrict(filtering);
}

// Whoever lets other ports of the same address in is found by the hard side's own probes.
function needsSearch({ filtering }: NatBehavior): boolean {
  return isStrict(filtering);
}

/** Whether a filter lets only those ports in that were sent to; taken for granted until it is known. */
export function isStrict(filtering: NatBehavior['filtering']): boolean {
  return filtering === 'address-and-port-dependent' || filtering === 'unknown';
}

function searchFor({ nat, samples }: PunchSide): PunchPlan {
  const { allocation } = nat;
  switch (allocation.kind) {
    case 'sequential':
      if (samples === undefined) return search(ALL_PORTS, 0);
      return search({ kind: 'sequence', samples, step: allocation.step }, 0);
    case 'block':
      return search(rangeOf(allocation), 0);
    case 'random':
    case 'preserving':
    case 'unknown':
      return search(ALL_PORTS, 0);
  }
}

// A sequential allocator is predicted from the plain probe that we send anyway.
function openersFor({ nat, samples }: PunchSide): PunchPlan {
  if (nat.allocation.kind === 'sequential' && samples !== undefined) return NONE;
  return { kind: 'openers', sockets: BIRTHDAY_SOCKETS };
}

function planForTwo(own: PunchSide, peer: PunchSide, now: Instant): PunchPlan {
  const ours = own.nat.allocation;
  const theirs = peer.nat.allocation;
  if (ours.kind === 'sequential' && theirs.kind === 'sequential') return meet(own, peer, now);
  const thorough = own.thorough && peer.thorough;
  if (thorough && isRandom(ours) && theirs.kind === 'block') return spread(theirs);
  if (thorough && ours.kind === 'block' && isRandom(theirs)) {
    return search(ALL_PORTS, SEARCH_SOCKETS, true);
  }
  if (!isBounded(ours) || !isBounded(theirs)) return NONE;
  if (theirs.kind === 'block') return search(rangeOf(theirs), SEARCH_SOCKETS, thorough);
  if (theirs.kind !== 'sequential' || peer.samples === undefined) return NONE;
  // The peer's own search takes a port for each probe: these are the ones from here on.
  const low = peer.samples.after + theirs.step;
  const high = Math.min(MAX_PORT, low + SEQUENCE_SPAN * theirs.step);
  return search({ kind: 'range', low, high }, SEARCH_SOCKETS, thorough);
}

/** Each socket has one mapping for each port of the block: so many sockets, that all probes have their own. */
function spread(block: Block): PunchPlan {
  const ports = block.high - block.low + 1;
  return search(rangeOf(block), Math.ceil(limits.thoroughProbes / ports), true);
}

type Block = Extract<PortAllocation, { kind: 'block' }>;

function rangeOf({ low, high }: Block): PortSearch {
  return { kind: 'range', low, high };
}

function isBounded({ kind }: PortAllocation): boolean {
  return kind === 'sequential' || kind === 'block';
}

/** An allocator that preserves ports does so for one destination at most, which is as good as none. */
function isRandom({ kind }: PortAllocation): boolean {
  return kind === 'random' || kind === 'preserving';
}

function search(ports: PortSearch, sockets: number, thorough = false): PunchPlan {
  return { kind: 'search', ports, sockets, thorough };
}

function meet(own: PunchSide, peer: PunchSide, now: Instant): PunchPlan {
  const { allocation } = peer.nat;
  const { samples } = peer;
  if (allocation.kind !== 'sequential' || own.samples === undefined) return NONE;
  if (samples === undefined) return NONE;
  const { step } = allocation;
  // Where the allocator has got to since it was looked at, if others go on as they did.
  const drift = Math.round((samples.rate * elapsed(samples.at, now)) / 1000 / step);
  const port = samples.after + (MEETING_PLACE + drift) * step;
  return port > MAX_PORT ? NONE : { kind: 'meet', sockets: MEETING_SOCKETS, port };
}

const NONE: PunchPlan = { kind: 'none' };
const MAX_PORT = 65_535;
/** Mappings below are given to nobody (RFC 4787 REQ-3 has NATs keep to the range of the port). */
const ALL_PORTS: PortSearch = { kind: 'range', low: 1024, high: MAX_PORT };

/** With 2,048 probes for 64,512 ports, one of them is found with 99.98 % (nat-traversal.md). */
const BIRTHDAY_SOCKETS = 256;
/** A block of 512 ports has too few for the probes that it takes: each remote is worth one per socket. */
const SEARCH_SOCKETS = 4;
/** How far a sequence gets while both sides search. */
const SEQUENCE_SPAN = 1500;
/**
 * In the middle of our sockets' ports: the peer may be wrong by 30 either way, which is what others take in
 * 0.3 s where they take a hundred in a second.
 */
const MEETING_PLACE = 30;
const MEETING_SOCKETS = 60;
