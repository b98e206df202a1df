import { LOSS_THRESHOLD } from './bbr-model.ts';

/** What a round trip brought, in bytes. */
export interface Round {
  readonly lost: number;
  readonly acked: number;
}

/** Packets that a probe has to lose beyond what chance explains: one or two are no sign of anything. */
const EXCESS_PACKETS = 2;
/** Rounds that still tell of a probe when it is over: of its last packets, and until their loss is known. */
const ROUNDS_AFTER_PROBE = 2;
/** The part that is kept while others are given room. */
const YIELDED_SHARE = 0.8;
/** So many packets, and two rounds, show whether losses end where there is room. */
const ROOM_PACKETS = 300;

/**
 * Finds a bottleneck that drops what exceeds it before anybody has waited for long enough to notice.
 * There only losses tell of congestion. They are told from those of a bad radio by two experiments: a
 * probe for more bandwidth that loses more than chance explains has found the limit; and where losses
 * end once there is room for others, others are there, while where they go on it was chance.
 */
export class ShallowBuffer {
  readonly #packetBytes: number;
  #isFound = false;
  /** The probe that is being judged: what came of it, the best of its rounds, and rounds since. */
  #probe:
    | { chanceLoss: number; lost: number; acked: number; most: number; rounds: number }
    | undefined;
  /** The room that others were given since the last probe, and what was lost there. */
  #room:
    | { state: 'tried' | 'kept' | 'ended'; rounds: number; lost: number; acked: number }
    | undefined;

  constructor(packetBytes: number) {
    this.#packetBytes = packetBytes;
  }

  /** Whether the last probe found one. */
  get isFound(): boolean {
    return this.#isFound;
  }

  /** Whether others were given room since the last probe. */
  get hasYielded(): boolean {
    return this.#room !== undefined;
  }

  /** The part of what the path takes that may be in flight until the next probe. */
  get share(): number {
    return this.#room === undefined || this.#room.state === 'ended' ? 1 : YIELDED_SHARE;
  }

  /** The path is filled before a probe. */
  onRefill(): void {
    this.#room = undefined;
  }

  /** More is sent from now on than the path is believed to take; so much of it is lost anyway. */
  onProbe(chanceLoss: number): void {
    this.#probe = { chanceLoss, lost: 0, acked: 0, most: 0, rounds: 0 };
  }

  /** The probe says that there is none: it met a queue, or the path is too short for it to tell. */
  dismiss(): void {
    if (this.#probe === undefined) return;
    this.#probe = undefined;
    this.#isFound = false;
  }

  /**
   * A round of the probe ended, or one since. Yields the most that the path took in one of them, in
   * bytes, if this is what shows that it takes no more.
   */
  onProbeRound({ lost, acked }: Round, isOver: boolean): number | undefined {
    const probe = this.#probe;
    if (probe === undefined) return undefined;
    probe.lost += lost;
    probe.acked += acked;
    probe.most = Math.max(probe.most, acked);
    if (isOver) probe.rounds += 1;
    const explained = (LOSS_THRESHOLD + probe.chanceLoss) * (probe.lost + probe.acked);
    const isExceeded = probe.lost > explained + EXCESS_PACKETS * this.#packetBytes;
    if (!isExceeded && probe.rounds < ROUNDS_AFTER_PROBE) return undefined;
    this.#probe = undefined;
    this.#isFound = isExceeded;
    return isExceeded ? probe.most : undefined;
  }

  /** A round between two probes ended. */
  onCruiseRound({ lost, acked }: Round): void {
    if (!this.#isFound || this.#probe !== undefined) return;
    const room = this.#room;
    if (room === undefined) {
      if (lost > 0) this.#room = { state: 'tried', rounds: 0, lost: 0, acked: 0 };
      return;
    }
    room.rounds += 1;
    // What the first one brought was sent before there was room.
    if (room.state !== 'tried' || room.rounds === 1) return;
    room.lost += lost;
    room.acked += acked;
    const isEnough = room.lost + room.acked >= ROOM_PACKETS * this.#packetBytes;
    if (room.rounds > 2 && isEnough) room.state = room.lost > 0 ? 'ended' : 'kept';
  }
}
