import { DATA_HEADER_BYTES } from './data-packet.ts';

const SliceState = { pending: 0, inFlight: 1, acked: 2 } as const;

/**
 * A sealed record that is not acknowledged yet.
 *
 * Its ciphertext lies in `packets` the way it first leaves: a gap of a packet header before every
 * `layoutSlice` bytes, so that it leaves from there. What is in flight and what is acknowledged is kept
 * by slices of `sliceBytes`, which become smaller than the layout's when the session falls to strict
 * mode or the path's MTU shrinks.
 */
export class OutgoingRecord {
  readonly number: number;
  /** Bytes of ciphertext and tag. */
  readonly length: number;
  readonly packets: Uint8Array;
  readonly #layoutSlice: number;
  sliceBytes: number;
  #states: Uint8Array;
  #acked = 0;
  /** Slices below this one have been sent at least once. */
  sentSlices = 0;
  /** Batches that point into `packets` and are not out of the socket yet. */
  pendingSends = 0;
  /** The peer's count of failures to open this record that we have answered. */
  attempt = 0;
  /** Packets below this number carried slices that the peer has dropped since. */
  restartedAt = 0;

  /** `length`: bytes of ciphertext and tag, which are to be put where `sealed` says. */
  constructor(number: number, packets: Uint8Array, layoutSlice: number, length: number) {
    this.number = number;
    this.packets = packets;
    this.#layoutSlice = layoutSlice;
    this.sliceBytes = layoutSlice;
    this.length = length;
    this.#states = new Uint8Array(Math.ceil(this.length / layoutSlice));
  }

  /** Where the sealed bytes are to be put, in one piece; `spread` is called when they are there. */
  get sealed(): Uint8Array {
    const start = this.sliceCount * DATA_HEADER_BYTES;
    return this.packets.subarray(start, start + this.length);
  }

  /**
   * Makes room for a packet header before each slice. The first moves furthest to the front, the last
   * is in its place; a view of each, to seal into, would cost more than moving it.
   */
  spread(): void {
    const headers = this.sliceCount * DATA_HEADER_BYTES;
    for (let slice = 0; slice < this.sliceCount - 1; slice += 1) {
      const from = headers + slice * this.#layoutSlice;
      const to = this.packetStart(slice) + DATA_HEADER_BYTES;
      this.packets.copyWithin(to, from, from + this.#layoutSlice);
    }
  }

  get sliceCount(): number {
    return this.#states.length;
  }

  get isAcked(): boolean {
    return this.#acked === this.#states.length;
  }

  /** Whether slices can be sent straight from `packets`. */
  get isLaidOut(): boolean {
    return this.sliceBytes === this.#layoutSlice;
  }

  /** Where the packet of a slice begins in `packets`; only while `isLaidOut`. */
  packetStart(slice: number): number {
    return slice * (this.#layoutSlice + DATA_HEADER_BYTES);
  }

  sliceLength(slice: number): number {
    return Math.min(this.sliceBytes, this.length - slice * this.sliceBytes);
  }

  isWanted(slice: number): boolean {
    return this.#states[slice] === SliceState.pending;
  }

  /** `count` slices from `first` on are on their way. */
  markSent(first: number, count: number): void {
    this.#states.fill(SliceState.inFlight, first, first + count);
  }

  /** Slices that lie wholly in these bytes have arrived. */
  markAcked(offset: number, length: number): void {
    const end = offset + length;
    for (let i = Math.ceil(offset / this.sliceBytes); i < this.sliceCount; i += 1) {
      if (i * this.sliceBytes + this.sliceLength(i) > end) return;
      if (this.#states[i] !== SliceState.acked) this.#acked += 1;
      this.#states[i] = SliceState.acked;
    }
  }

  /** Calls `visit` for each slice in these bytes that has to be sent again. */
  markLost(offset: number, length: number, visit: (slice: number) => void): void {
    const end = Math.min(offset + length, this.length);
    const first = Math.floor(offset / this.sliceBytes);
    for (let i = first; i * this.sliceBytes < end; i += 1) {
      if (this.#states[i] !== SliceState.inFlight) continue;
      this.#states[i] = SliceState.pending;
      visit(i);
    }
  }

  /** All of it is wanted again: the peer could not open what it put together. */
  restart(): void {
    this.#states.fill(SliceState.pending);
    this.#acked = 0;
    this.sentSlices = 0;
  }

  /** Cuts the record into smaller slices. What was acknowledged whole stays acknowledged. */
  reslice(sliceBytes: number): void {
    if (sliceBytes >= this.sliceBytes) return;
    const acked: number[] = [];
    for (let i = 0; i < this.sliceCount; i += 1) {
      if (this.#states[i] === SliceState.acked)
        acked.push(i * this.sliceBytes, this.sliceLength(i));
    }
    this.sliceBytes = sliceBytes;
    this.#states = new Uint8Array(Math.ceil(this.length / sliceBytes));
    this.restart();
    for (let i = 0; i < acked.length; i += 2)
      this.markAcked(acked[i] as number, acked[i + 1] as number);
  }

  /** Copies ciphertext bytes, stepping over the header gaps of the layout. */
  copy(offset: number, length: number, into: Uint8Array, at: number): void {
    let from = offset;
    let to = at;
    const end = offset + length;
    while (from < end) {
      const slice = Math.floor(from / this.#layoutSlice);
      const until = Math.min(end, (slice + 1) * this.#layoutSlice);
      const start = from + (slice + 1) * DATA_HEADER_BYTES;
      into.set(this.packets.subarray(start, start + until - from), to);
      to += until - from;
      from = until;
    }
  }
}
