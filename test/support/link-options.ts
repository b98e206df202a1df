import type { Millis } from '../../src/protocol/time.ts';

/** The properties of one direction of a line. Left out means: without that limit or fault. */
export interface LinkOptions {
  /** Bit/s on the wire, headers (28 bytes a datagram) included; 0 for no limit. */
  readonly rate?: number;
  /** Bytes that may wait before the newest is dropped. Default: 100 ms at `rate`. */
  readonly queue?: number;
  /** One-way delay. */
  readonly delay?: Millis;
  /** A uniform extra delay in [0, jitter) that never changes the order. */
  readonly jitter?: Millis;
  /** Probability that a packet is lost, each by itself. */
  readonly loss?: number;
  readonly burst?: BurstLoss;
  readonly reorder?: Reorder;
  /** Probability that a packet comes twice. */
  readonly duplicate?: number;
  /** The second copy comes a uniform time in [0, duplicateSpread) after the first. Default 10 ms. */
  readonly duplicateSpread?: Millis;
  /** Probability that one bit of the payload is flipped. */
  readonly corrupt?: number;
  /** When nothing gets through: [from, to), counted from the start of the simulation. */
  readonly blackouts?: readonly (readonly [from: Millis, to: Millis])[];
  /** Largest IP packet in bytes, 1,500 by default; the payload may be 28 bytes smaller. */
  readonly mtu?: number;
}

/**
 * Losses in a row (Gilbert 1960): all packets are lost in the bad state, none in the good one. The
 * bad state ends after a second at the latest, however few packets met it.
 */
export interface BurstLoss {
  /** Probability per packet to go from good to bad. */
  readonly enter: number;
  /** Probability per packet to go from bad to good: the mean burst is 1 / leave packets long. */
  readonly leave: number;
}

export interface Reorder {
  /** Probability that a packet is held back. */
  readonly chance: number;
  /** It is held for a uniform number of later packets in [1, depth] … */
  readonly depth?: number;
  /** … and at most for this long, if so many do not come (default 100 ms). Without depth: exactly this long. */
  readonly delay?: Millis;
}

/** The two directions of the line between a node and its network, as the node sees them. */
export interface LinePair {
  readonly up?: LinkOptions;
  readonly down?: LinkOptions;
}

/** The burst loss that loses the share `rate` of all packets in bursts of `meanLength` packets. */
export function burstLoss(rate: number, meanLength: number): BurstLoss {
  const leave = 1 / meanLength;
  // In the steady state the share of bad packets is enter / (enter + leave).
  return { enter: (rate * leave) / (1 - rate), leave };
}
