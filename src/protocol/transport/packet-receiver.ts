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
  /** Reused for every data packet of every batch. */
  readonly #plainSlice: Writable<SliceBytes> = {
    source: new Uint8Array(0),
    start: 0,
    end: 0,
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
    for (let i = 0; i < count; i += 1) {
      if (this.#valid[i] === 0) {
        this.counters.forged += 1;
        continue;
      }
      const at = this.#starts[i] as number;
      const bytes = this.#plainSlice;
      bytes.source = batch;
      bytes.start = at + DATA_HEADER_BYTES;
      bytes.end = at + (this.#lengths[i] as number);
      readSlicePosition(batch, at, this.#position);
      this.#onSlice(readDataPacketNumber(batch, at), bytes, context);
    }
  }

  #onSealedData(packet: Uint8Array, context: Context): void {
    const slice = this.#sealer.openSlice(packet);
    if (slice === undefined) {
      this.counters.forged += 1;
      return;
    }
    readSlicePosition(packet, 0, this.#position);
    const bytes = { source: slice, start: 0, end: slice.length, sealed: true };
    this.#onSlice(readDataPacketNumber(packet, 0), bytes, context);
  }

  #onSlice(packetNumber: number, bytes: SliceBytes, context: Context): void {
    if (this.#acks.isDuplicate(packetNumber)) {
      this.counters.duplicate += 1;
      return;
    }
    this.#received.authentic = true;
    switch (this.#incoming.receive(this.#position, bytes)) {
      case 'refused':
        this.counters.refused += 1;
        break;
      // The slice that completed a record which did not open stays unacknowledged: the sender has
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
        this.#acks.onPacket(packetNumber, bytes.end - bytes.start, context.rtt, context.now);
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
    this.#acks.onPacket(opened.packetNumber, bytes, context.rtt, context.now);
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
