import type { CandidateKind } from '../candidate.ts';

/** What selection looks at. `leastRtt` is in milliseconds. */
export interface RankedPath {
  readonly kind: CandidateKind;
  readonly family: 4 | 6;
  /** Whether it is a connection, whose own retransmissions make it slower when packets are lost. */
  readonly stream: boolean;
  readonly leastRtt: number;
}

/** Lower is better. Addresses that a NAT gives are equal, however we came to know them. */
export function kindRank(kind: CandidateKind): number {
  return { host: 0, mapped: 1, srflx: 1, prflx: 1, relay: 2 }[kind];
}

/**
 * Whether it is worth leaving `current` for `other`: a better kind; or, among equal kinds, UDP
 * instead of a connection; or clearly fewer milliseconds; or, where those are much alike, IPv6 (no
 * NAT to forget it). What lies between much alike and clearly is worth no change in either direction:
 * while both times still come down, one and then the other would be left again and again.
 *
 * The least round trip is compared, not the last one: load on the path in use raises the last, and
 * leaving for that reason would take the load along.
 */
export function isBetter(other: RankedPath, current: RankedPath): boolean {
  const ranks = kindRank(other.kind) - kindRank(current.kind);
  if (ranks !== 0) return ranks < 0;
  if (other.stream !== current.stream) return current.stream;
  if (isFaster(other, current, CLEARLY)) return true;
  return other.family > current.family && !isFaster(current, other, NOTICEABLY);
}

/**
 * The path to use among `working` ones, starting from the one in use. It stays unless another is
 * better. Ends, since `isBetter` has no cycle (a property test holds it to that).
 */
export function choosePath<P extends RankedPath>(
  current: P | undefined,
  working: readonly P[],
): P | undefined {
  let chosen = current !== undefined && working.includes(current) ? current : working[0];
  for (let better = chosen; better !== undefined; ) {
    chosen = better;
    const standard = better;
    better = working.find((path) => isBetter(path, standard));
  }
  return chosen;
}

/**
 * The controlled side's choice (RFC 8445 §8.1.1): what was nominated, as soon as it works; until
 * then whatever it has, and the best of what works where that has failed.
 */
export function followNomination<P extends RankedPath>(
  current: P | undefined,
  working: readonly P[],
  nominated: P | undefined,
): P | undefined {
  if (nominated !== undefined && working.includes(nominated)) return nominated;
  if (current !== undefined && working.includes(current)) return current;
  return choosePath(undefined, working);
}

function isFaster(a: RankedPath, b: RankedPath, least: Gain): boolean {
  const gain = b.leastRtt - a.leastRtt;
  return gain >= least.ms && gain >= least.share * b.leastRtt;
}

interface Gain {
  readonly ms: number;
  /** Of the longer round trip. */
  readonly share: number;
}

// Below this, a difference is noise, and a change of path costs more than it brings.
const CLEARLY: Gain = { ms: 5, share: 0.2 };
const NOTICEABLY: Gain = { ms: 2, share: 0.1 };
