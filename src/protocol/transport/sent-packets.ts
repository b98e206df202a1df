import type { Instant } from '../time.ts';

/** What is known of a packet number. */
export const PacketState = {
  /** Sent, but no acknowledgement matters: it carried nothing but an ACK or a CLOSE. */
  untracked: 0,
  inFlight: 1,
  acked: 2,
  lost: 3,
  /** Never sent: whoever acknowledges it has not received what it acknowledges. */
  skipped: 4,
} as const;
export type PacketState = (typeof PacketState)[keyof typeof PacketState];

/** A record number that no slice has: the packet was a ping. */
export const NO_RECORD = -1;

/** Longest history: 2^18 packets of 1,200 bytes are 300 MB in flight. */
const MAX_CAPACITY = 2 ** 18;
const INITIAL_CAPACITY = 2 ** 12;
/** Settled packets that are remembered behind the oldest open one, to notice spurious losses. */
const RETAINED = 1024;

/** Slices of one record, one packet each, that lie side by side. */
export interface SliceRun {
  readonly record: number;
  /** Where the first one begins in the record. */
  readonly offset: number;
  /** Bytes of each but the last, and of all together. */
  readonly sliceBytes: number;
  readonly length: number;
  readonly count: number;
}

type Column = Uint8Array | Uint16Array | Float64Array;

/**
 * Every packet sent, by packet number, in rings of typed arrays: no object is made for a packet.
 *
 * Columns are indexed with `index(packetNumber)`; a packet is in the history from `base` to `next`.
 */
export class SentPackets {
  #capacity = INITIAL_CAPACITY;
  #base = 0;
  #next = 0;
  state: Uint8Array = new Uint8Array(INITIAL_CAPACITY);
  record: Float64Array = new Float64Array(INITIAL_CAPACITY);
  offset: Uint16Array = new Uint16Array(INITIAL_CAPACITY);
  /** Bytes of the slice, without headers. */
  length: Uint16Array = new Uint16Array(INITIAL_CAPACITY);
  sentAt: Float64Array = new Float64Array(INITIAL_CAPACITY);
  /** The connection's counters at the time of sending, for `DeliveryRate`. */
  delivered: Float64Array = new Float64Array(INITIAL_CAPACITY);
  deliveredAt: Float64Array = new Float64Array(INITIAL_CAPACITY);
  firstSentAt: Float64Array = new Float64Array(INITIAL_CAPACITY);
  appLimited: Uint8Array = new Uint8Array(INITIAL_CAPACITY);

  /** Lowest packet number still in the history. */
  get base(): number {
    return this.#base;
  }

  /** The packet number that is sent next. */
  get next(): number {
    return this.#next;
  }

  /** How many more packets the history can take. */
  get room(): number {
    return MAX_CAPACITY - (this.#next - this.#base);
  }

  index(packetNumber: number): number {
    return packetNumber & (this.#capacity - 1);
  }

  has(packetNumber: number): boolean {
    return packetNumber >= this.#base && packetNumber < this.#next;
  }

  stateOf(packetNumber: number): PacketState {
    return this.state[this.index(packetNumber)] as PacketState;
  }

  /** Takes the next `count` packet numbers for packets about to be sent, and yields the first. */
  push(state: PacketState, count: number, now: Instant): number {
    if (this.#next + count - this.#base > this.#capacity) this.#makeRoom(count);
    const first = this.#next;
    this.#next += count;
    this.fill(this.state, first, count, state);
    this.fill(this.sentAt, first, count, now);
    this.fill(this.record, first, count, NO_RECORD);
    this.fill(this.offset, first, count, 0);
    this.fill(this.length, first, count, 0);
    return first;
  }

  /** Takes packet numbers for a run of slices about to be sent, and yields the first. */
  pushSlices(run: SliceRun, now: Instant): number {
    const { record, offset, sliceBytes, length, count } = run;
    const first = this.push(PacketState.inFlight, count, now);
    this.fill(this.record, first, count, record);
    this.fill(this.length, first, count, sliceBytes);
    this.length[this.index(first + count - 1)] = length - (count - 1) * sliceBytes;
    for (let i = 0; i < count; i += 1) this.offset[this.index(first + i)] = offset + i * sliceBytes;
    return first;
  }

  /** Writes one value for `count` packets from `first` on into a column. */
  fill(column: Column, first: number, count: number, value: number): void {
    const start = this.index(first);
    const end = start + count;
    column.fill(value, start, Math.min(end, this.#capacity));
    if (end > this.#capacity) column.fill(value, 0, end - this.#capacity);
  }

  #makeRoom(count: number): void {
    this.#forgetSettled();
    while (this.#next + count - this.#base > this.#capacity) {
      if (this.#capacity === MAX_CAPACITY) throw new Error('unreachable: sent without room');
      this.#grow();
    }
  }

  #forgetSettled(): void {
    const limit = this.#next - RETAINED;
    while (this.#base < limit && this.stateOf(this.#base) !== PacketState.inFlight) this.#base += 1;
  }

  #grow(): void {
    const capacity = this.#capacity * 2;
    this.state = this.#moved(this.state, new Uint8Array(capacity));
    this.record = this.#moved(this.record, new Float64Array(capacity));
    this.offset = this.#moved(this.offset, new Uint16Array(capacity));
    this.length = this.#moved(this.length, new Uint16Array(capacity));
    this.sentAt = this.#moved(this.sentAt, new Float64Array(capacity));
    this.delivered = this.#moved(this.delivered, new Float64Array(capacity));
    this.deliveredAt = this.#moved(this.deliveredAt, new Float64Array(capacity));
    this.firstSentAt = this.#moved(this.firstSentAt, new Float64Array(capacity));
    this.appLimited = this.#moved(this.appLimited, new Uint8Array(capacity));
    this.#capacity = capacity;
  }

  #moved<Kind extends Column>(from: Kind, to: Kind): Kind {
    for (let number = this.#base; number < this.#next; number += 1) {
      to[number & (to.length - 1)] = from[this.index(number)] as number;
    }
    return to;
  }
}
