import type { Instant } from '../time.ts';
import { MAX_BATCH_BYTES, MAX_BATCH_SEGMENTS, PacketType, writePrefix } from '../wire/packet.ts';
import { BufferPool } from './buffer-pool.ts';
import {
  DATA_HEADER_BYTES,
  type HeaderAuthenticator,
  type SlicePosition,
  writeSlicePosition,
} from './data-packet.ts';
import type { OutgoingRecord } from './outgoing-record.ts';
import type { OutgoingRecords, WantedSlice } from './outgoing-records.ts';
import { type PacketSealer, SEALED_DATA_OVERHEAD_BYTES } from './packet-sealer.ts';
import type { Recovery } from './recovery.ts';

/** Idle batch buffers for repetitions: few are ever under way at once. */
const POOLED_BUFFERS = 16;

/** A batch of data packets, ready for the socket but for its remote. */
export interface DataBatch {
  readonly payload: Uint8Array;
  readonly segmentSize: number;
  readonly release: () => void;
}

/** Turns wanted slices into batches of packets of one size, with fresh packet numbers. */
export class BatchBuilder {
  readonly #records: OutgoingRecords;
  readonly #recovery: Recovery;
  readonly #header: HeaderAuthenticator;
  readonly #sealer: PacketSealer;
  readonly #connectionId: Uint8Array;
  readonly #pool = new BufferPool(MAX_BATCH_BYTES, POOLED_BUFFERS);
  readonly #position: SlicePosition = { record: 0, recordLength: 0, offset: 0 };
  readonly #slice = new Uint8Array(MAX_BATCH_BYTES);
  /** While true, every slice is sealed by itself. */
  strict = false;

  constructor(parts: {
    records: OutgoingRecords;
    recovery: Recovery;
    header: HeaderAuthenticator;
    sealer: PacketSealer;
    connectionId: Uint8Array;
  }) {
    this.#records = parts.records;
    this.#recovery = parts.recovery;
    this.#header = parts.header;
    this.#sealer = parts.sealer;
    this.#connectionId = parts.connectionId;
  }

  /** The next batch of at most `maxBytes` datagram bytes, but at least one packet if any is wanted. */
  next(maxBytes: number, now: Instant): DataBatch | undefined {
    if (this.#records.peekRepeat() !== undefined) {
      return this.#copied((longest) => this.#takeRepeat(longest), maxBytes, now);
    }
    const record = this.#records.fresh();
    if (record === undefined) return undefined;
    if (this.strict || !record.isLaidOut) {
      return this.#copied(() => takeFresh(record), maxBytes, now);
    }
    return this.#straight(record, maxBytes, now);
  }

  /** First transmission: the packets leave from where the record was sealed into. */
  #straight(record: OutgoingRecord, maxBytes: number, now: Instant): DataBatch {
    const stride = record.sliceBytes + DATA_HEADER_BYTES;
    const first = record.sentSlices;
    const room = Math.max(1, Math.floor(maxBytes / stride));
    const count = Math.min(room, record.sliceCount - first, MAX_BATCH_SEGMENTS);
    const start = record.packetStart(first);
    const packetNumber = this.#send(record, first, count, now);
    for (let i = 0; i < count; i += 1) {
      this.#writeHeader(record.packets, start + i * stride, record, first + i, packetNumber + i);
    }
    this.#header.sign(record.packets, start, stride, count);
    record.sentSlices = first + count;
    record.pendingSends += 1;
    const last = first + count - 1;
    const end = record.packetStart(last) + DATA_HEADER_BYTES + record.sliceLength(last);
    return {
      payload: record.packets.subarray(start, end),
      segmentSize: stride,
      release: () => {
        record.pendingSends -= 1;
        this.#records.recycle(record);
      },
    };
  }

  /**
   * Repetitions, and everything in strict mode: slices are copied into a batch of their own. `take`
   * yields the next one unless it is longer than what it is given.
   */
  #copied(
    take: (longest: number) => WantedSlice | undefined,
    maxBytes: number,
    now: Instant,
  ): DataBatch | undefined {
    const payload = this.#pool.take();
    let length = 0;
    let segmentSize = 0;
    let count = 0;
    const overhead = this.strict ? SEALED_DATA_OVERHEAD_BYTES : DATA_HEADER_BYTES;
    // Only the last datagram of a GSO send may be shorter, and none longer, than the first.
    let longest = Infinity;
    for (let wanted = take(longest); wanted !== undefined; wanted = take(longest)) {
      const packetBytes = wanted.record.sliceLength(wanted.slice) + overhead;
      this.#writePacket(payload, length, wanted, now);
      segmentSize ||= packetBytes;
      length += packetBytes;
      count += 1;
      longest = segmentSize - overhead;
      if (packetBytes < segmentSize || count === MAX_BATCH_SEGMENTS) break;
      if (length + segmentSize > Math.min(maxBytes, MAX_BATCH_BYTES)) break;
    }
    if (!this.strict) this.#header.sign(payload, 0, segmentSize, count);
    return {
      payload: payload.subarray(0, length),
      segmentSize,
      release: () => this.#pool.give(payload),
    };
  }

  #takeRepeat(longest: number): WantedSlice | undefined {
    const wanted = this.#records.peekRepeat();
    if (wanted === undefined || wanted.record.sliceLength(wanted.slice) > longest) return undefined;
    this.#records.takeRepeat();
    return wanted;
  }

  #writePacket(batch: Uint8Array, at: number, wanted: WantedSlice, now: Instant): void {
    const { record, slice } = wanted;
    const length = record.sliceLength(slice);
    const packetNumber = this.#send(record, slice, 1, now);
    if (!this.strict) {
      this.#writeHeader(batch, at, record, slice, packetNumber);
      record.copy(slice * record.sliceBytes, length, batch, at + DATA_HEADER_BYTES);
      return;
    }
    const plain = this.#slice.subarray(0, length);
    record.copy(slice * record.sliceBytes, length, plain, 0);
    const position = this.#positionOf(record, slice);
    this.#sealer.sealSlice(batch, at, position, packetNumber, plain);
  }

  #writeHeader(
    batch: Uint8Array,
    at: number,
    record: OutgoingRecord,
    slice: number,
    packetNumber: number,
  ): void {
    const length = record.sliceLength(slice) + DATA_HEADER_BYTES;
    writePrefix(batch, at, this.#connectionId, PacketType.data, length);
    writeSlicePosition(batch, at, this.#positionOf(record, slice), packetNumber);
  }

  #positionOf(record: OutgoingRecord, slice: number): SlicePosition {
    this.#position.record = record.number;
    this.#position.recordLength = record.length;
    this.#position.offset = slice * record.sliceBytes;
    return this.#position;
  }

  /** Books slices as sent, one packet each, and yields the packet number of the first. */
  #send(record: OutgoingRecord, first: number, count: number, now: Instant): number {
    const { sliceBytes } = record;
    record.markSent(first, count);
    const length = (count - 1) * sliceBytes + record.sliceLength(first + count - 1);
    const run = { record: record.number, offset: first * sliceBytes, sliceBytes, length, count };
    return this.#recovery.onSent(run, now);
  }
}

function takeFresh(record: OutgoingRecord): WantedSlice | undefined {
  if (record.sentSlices >= record.sliceCount) return undefined;
  record.sentSlices += 1;
  return { record, slice: record.sentSlices - 1 };
}
