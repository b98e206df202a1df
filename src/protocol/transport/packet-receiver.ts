import type { Instant, Millis } from '../time.ts';
import {
  hasConnectionId,
  MAX_BATCH_SEGMENTS,
  PacketType,
  packetLength,
  packetType,
} from '../wire/packet.ts';
import type { AckTracker } from './ack-tracker.ts';
import {
  DATA_HEADER_BYTES,
  type HeaderAuthenticator,
  readDataPacketNumber,
  readSlicePosition,
  type SlicePosition,
} from './data-packet.ts';
import { type Frame, readFrames } from './frame.ts';
import type { IncomingRecords, SliceBytes } from './incoming-records.ts';
import type { PacketSealer } from './packet-sealer.ts';

/** What a batch brought. One object is reused for every batch. */
export interface Received {
  /** Whether any packet was authentic and new. */
  authentic: boolean;
  /** Records that were complete and did not open; `brokenRecords` is the peer's own fault. */
  failedRecords: number;
  brokenRecords: number;
  /** Whether slices came that strict mode does not take: the peer may not know of it. */
  plain: boolean;
  /** Whether slices came of records that have failed: the peer may not know of it. */
  withheld: boolean;
  /** Whether an authentic control packet was not well-formed: the peer's fault. */
  malformed: boolean;
  frames: Frame[];
}

interface Context {
  readonly strict: boolean;
  readonly rtt: Millis;
  readonly now: Instant;
}

/** Takes batches apart: checks, removes duplicates, hands slices and frames on. */
export class PacketReceiver {
  readonly #header: HeaderAuthenticator;
  readonly #sealer: PacketSealer;
  readonly #connectionId: Uint8Array;
  readonly #incoming: IncomingRecords;
  readonly #acks: AckTracker;
  readonly #starts = new Uint32Array(MAX_BATCH_SEGMENTS);
  readonly #lengths = new Uint32Array(MAX_BATCH_SEGMENTS);
  readonly #valid = new Uint8Array(MAX_BATCH_SEGMENTS);
  readonly #position: SlicePosition = { record: 0, recordLength: 0, offset: 0 };
  readonly #nextPosition: SlicePosition = { record: 0, recordLength: 0, offset: 0 };
  /** Reused for every run of data packets. */
  readonly #run: Writable<SliceBytes> = {
    source: new Uint8Array(0),
    start: 0,
    stride: 0,
    sliceBytes: 0,
    length: 0,
    sealed: false,
  };
  #pending = 0;
  #received: Received = newReceived();
  /** Dropped packets by reason, and slices that brought nothing new. */
  readonly counters = { malformed: 0, foreign: 0, forged: 0, duplicate: 0, refused: 0, plain: 0 };

  constructor(parts: {
    header: HeaderAuthenticator;
    sealer: PacketSealer;
    connectionId: Uint8Array;
    incoming: IncomingRecords;
    acks: AckTracker;
  }) {
    this.#header = parts.header;
    this.#sealer = parts.sealer;
    this.#connectionId = parts.connectionId;
    this.#incoming = parts.incoming;
    this.#acks = parts.acks;
  }

  handleBatch(batch: Uint8Array, context: Context): Received {
    this.#received = newReceived();
    let at = 0;
    while (at < batch.length) {
      const length = packetLength(batch, at);
      if (length === 0) {
        this.counters.malformed += 1;
        break;
      }
      this.#onPacket(batch, at, length, context);
      at += length;
    }
    this.#flush(batch, context);
    return this.#received;
  }

  #onPacket(batch: Uint8Array, at: number, length: number, context: Context): void {
    if (!hasConnectionId(batch, at, this.#connectionId)) {
      this.counters.foreign += 1;
      return;
    }
    switch (packetType(batch, at)) {
      case PacketType.data:
        this.#queueData(batch, at, length, context);
        break;
      case PacketType.control:
        this.#onControl(batch.subarray(at, at + length), context);
        break;
      case PacketType.sealedData:
        this.#onSealedData(batch.subarray(at, at + length), context);
        break;
      default:
        this.counters.malformed += 1;
    }
  }

  #queueData(batch: Uint8Array, at: number, length: number, context: Context): void {
    // In strict mode a header proves nothing about the payload behind it.
    if (context.strict || length <= DATA_HEADER_BYTES) {
      this.counters.plain += 1;
      this.#received.plain = true;
      return;
    }
    this.#starts[this.#pending] = at;
    this.#lengths[this.#pending] = length;
    this.#pending += 1;
    if (this.#pending === MAX_BATCH_SEGMENTS) this.#flush(batch, context);
  }

  #flush(batch: Uint8Array, context: Context): void {
    const count = this.#pending;
    this.#pending = 0;
    if (count === 0) return;
    this.#header.check(batch, this.#starts, count, this.#valid);
    for (let i = 0; i < count; ) {
      if (this.#valid[i] === 0) {
        this.counters.forged += 1;
        i += 1;
      } else i += this.#onDataRun(batch, i, count, context);
    }
  }

  /**
   * Takes the packet at `first` and those after it that carry the neighbouring slices of the same
   * record under the next numbers, which is how they leave and mostly how they arrive: what has to
   * be looked up is looked up once for all of them. Yields how many they are.
   */
  #onDataRun(batch: Uint8Array, first: number, end: number, context: Context): number {
    const at = this.#starts[first] as number;
    const packetNumber = readDataPacketNumber(batch, at);
    const bytes = this.#run;
    readSlicePosition(batch, at, this.#position);
    bytes.source = batch;
    bytes.start = at + DATA_HEADER_BYTES;
    bytes.stride = this.#lengths[first] as number;
    bytes.sliceBytes = bytes.stride - DATA_HEADER_BYTES;
    bytes.length = bytes.sliceBytes;
    let next = first + 1;
    // Old numbers may be duplicates, each by itself; they come one by one.
    if (this.#acks.isNew(packetNumber)) {
      while (next < end && this.#continues(batch, next, packetNumber + next - first)) {
        bytes.length += (this.#lengths[next] as number) - DATA_HEADER_BYTES;
        next += 1;
      }
    }
    this.#onSlices(packetNumber, next - first, bytes, context);
    return next - first;
  }

  /** Whether the packet at `index` carries what follows the run so far. */
  #continues(batch: Uint8Array, index: number, packetNumber: number): boolean {
    const { length, sliceBytes, stride, start } = this.#run;
    const at = this.#starts[index] as number;
    if (this.#valid[index] === 0 || (this.#lengths[index] as number) > stride) return false;
    // After a shorter slice nothing can follow at the stride.
    if (
      length % sliceBytes !== 0 ||
      at + DATA_HEADER_BYTES !== start + (length / sliceBytes) * stride
    )
      return false;
    readSlicePosition(batch, at, this.#nextPosition);
    const { record, recordLength, offset } = this.#position;
    return (
      readDataPacketNumber(batch, at) === packetNumber &&
      this.#nextPosition.record === record &&
      this.#nextPosition.recordLength === recordLength &&
      this.#nextPosition.offset === offset + length
    );
  }

  #onSealedData(packet: Uint8Array, context: Context): void {
    const slice = this.#sealer.openSlice(packet);
    if (slice === undefined) {
      this.counters.forged += 1;
      return;
    }
    readSlicePosition(packet, 0, this.#position);
    const { length } = slice;
    const bytes = {
      source: slice,
      start: 0,
      stride: length,
      sliceBytes: length,
      length,
      sealed: true,
    };
    this.#onSlices(readDataPacketNumber(packet, 0), 1, bytes, context);
  }

  #onSlices(first: number, count: number, bytes: SliceBytes, context: Context): void {
    if (count === 1 && this.#acks.isDuplicate(first)) {
      this.counters.duplicate += 1;
      return;
    }
    this.#received.authentic = true;
    switch (this.#incoming.receive(this.#position, bytes)) {
      case 'refused':
        this.counters.refused += count;
        break;
      // The slices that completed a record which did not open stay unacknowledged: the sender has
      // to keep the record until it can repeat all of it.
      case 'withheld':
        this.#received.withheld = true;
        break;
      case 'failed':
        this.#received.failedRecords += 1;
        break;
      case 'broken':
        this.#received.brokenRecords += 1;
        break;
      default:
        this.#acks.onPackets(first, count, bytes.length, context.rtt, context.now);
    }
  }

  #onControl(packet: Uint8Array, context: Context): void {
    const opened = this.#sealer.openControl(packet);
    if (opened === undefined) {
      this.counters.forged += 1;
      return;
    }
    if (this.#acks.isDuplicate(opened.packetNumber)) {
      this.counters.duplicate += 1;
      return;
    }
    this.#received.authentic = true;
    const frames = readFrames(opened.frames);
    if (frames === undefined) {
      this.#received.malformed = true;
      return;
    }
    const elicitsAck = frames.some((frame) => frame.kind === 'ping');
    const bytes = elicitsAck ? packet.length : 0;
    this.#acks.onPackets(opened.packetNumber, 1, bytes, context.rtt, context.now);
    this.#received.frames.push(...frames);
  }
}

function newReceived(): Received {
  return {
    authentic: false,
    failedRecords: 0,
    brokenRecords: 0,
    plain: false,
    withheld: false,
    malformed: false,
    frames: [],
  };
}

type Writable<T> = { -readonly [Key in keyof T]: T[Key] };
