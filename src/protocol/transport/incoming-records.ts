import { AEAD_TAG_BYTES } from '../ports.ts';
import { MAX_BATCH_BYTES } from '../wire/packet.ts';
import { RangeSet } from '../wire/range-set.ts';
import { BufferPool } from './buffer-pool.ts';
import type { SlicePosition } from './data-packet.ts';
import { MAX_REJECTED_RECORDS, type RejectedRecord } from './frame.ts';
import { INITIAL_CREDIT } from './outgoing-records.ts';
import type { RecordCipher } from './record-cipher.ts';

/** No record is longer than what one batch carries. */
export const MAX_RECORD_BYTES = MAX_BATCH_BYTES;
/** Idle assembly buffers that are kept. */
const POOLED_BUFFERS = 32;
/** Pieces of one record: 54 slices lost one by one leave 27 gaps; more is no network's doing. */
const MAX_PIECES = 64;

/** A record that is being put together. */
interface PartialRecord {
  readonly length: number;
  readonly buffer: Uint8Array;
  readonly received: RangeSet;
  missing: number;
  /** Whether every slice so far came in a packet that was sealed by itself. */
  sealed: boolean;
}

/** A record that was opened, mostly where it was put together. */
interface OpenRecord {
  readonly plaintext: Uint8Array;
  readonly buffer: Uint8Array;
}

/**
 * How often a record has failed, and the bytes of the slice that completed it the first time. They
 * are not acknowledged before the record opens: once all of a record is acknowledged, the sender
 * forgets it and could not repeat it.
 */
interface Failure {
  attempt: number;
  readonly start: number;
  readonly end: number;
}

/**
 * What a run of slices did: `refused` lies outside what was agreed; `failed` completed a record that did
 * not open, which anybody on the path can cause; `broken` is the same although each of its slices
 * was sealed, which only the peer can; `withheld` was stored, but its record has failed before and
 * must not be forgotten. These four are not acknowledged.
 */
export type SliceOutcome =
  | 'stored'
  | 'completed'
  | 'known'
  | 'withheld'
  | 'refused'
  | 'failed'
  | 'broken';

/**
 * Where the bytes of a run of neighbouring slices lie in what was received: the first from `start`
 * on, each next one `stride` bytes further, all of `sliceBytes` but the last.
 */
export interface SliceBytes {
  readonly source: Uint8Array;
  readonly start: number;
  readonly stride: number;
  readonly sliceBytes: number;
  /** Bytes of all slices together. */
  readonly length: number;
  /** Whether they were authentic by themselves. */
  readonly sealed: boolean;
}

/** Puts records together from slices in any order, opens them, and says how many more may come. */
export class IncomingRecords {
  readonly #cipher: RecordCipher;
  #window: number;
  readonly #pool = new BufferPool(MAX_RECORD_BYTES, POOLED_BUFFERS);
  readonly #partial = new Map<number, PartialRecord>();
  readonly #completed = new RangeSet();
  readonly #ready: OpenRecord[] = [];
  /** The memory of what was handed out last. */
  #lent: Uint8Array | undefined;
  readonly #failures = new Map<number, Failure>();
  #completedCount = 0;
  #receivedBytes = 0;
  /** Plaintext bytes handed out or ready and not released yet. */
  #held = 0;
  #credit = 0;

  /** `window`: bytes of records that may wait here, complete or not, at any time. */
  constructor(cipher: RecordCipher, window: number) {
    this.#cipher = cipher;
    this.#window = window;
    this.#credit = Math.max(INITIAL_CREDIT, Math.floor(window / MAX_RECORD_BYTES));
  }

  /** So many bytes of records may wait here from now on, if that is more than before. */
  growWindow(bytes: number): void {
    this.#window = Math.max(this.#window, bytes);
    this.#updateCredit();
  }

  /** Bytes of records that have come, each once. */
  get receivedBytes(): number {
    return this.#receivedBytes;
  }

  /** Record numbers below this are taken. It never shrinks. */
  get credit(): number {
    return this.#credit;
  }

  /** Records that are wanted again, each with the number of its failures so far. */
  get rejected(): RejectedRecord[] {
    return [...this.#failures]
      .slice(0, MAX_REJECTED_RECORDS)
      .map(([record, { attempt }]) => ({ record, attempt }));
  }

  /**
   * Takes a run of slices of a record, `position` being the first one's. What is kept is copied, and what
   * lies between the slices may be overwritten.
   */
  receive(position: SlicePosition, bytes: SliceBytes): SliceOutcome {
    const { length } = bytes;
    if (position.record >= this.#credit) return 'refused';
    if (this.#completed.contains(position.record)) return 'known';
    if (length === 0 || position.offset + length > position.recordLength) return 'refused';
    const known = this.#partial.get(position.record);
    const isWhole = length === position.recordLength;
    if (known === undefined && isWhole) return this.#receiveWhole(position, bytes);
    const partial = known ?? this.#begin(position);
    if (partial === undefined || partial.length !== position.recordLength) return 'refused';
    const added = partial.received.add(position.offset, position.offset + length);
    if (added === 0) return this.#isWithheld(position, length) ? 'withheld' : 'known';
    this.#receivedBytes += added;
    copySlices(bytes, partial.buffer, position.offset);
    partial.sealed &&= bytes.sealed;
    partial.missing -= added;
    // So many pieces cannot come from our slices.
    const isDone = partial.missing === 0 || partial.received.rangeCount > MAX_PIECES;
    if (isDone) return this.#receiveLast(position, length, partial);
    return this.#isWithheld(position, length) ? 'withheld' : 'stored';
  }

  /** The plaintext of the next complete record, in order of completion; valid until the next call. */
  poll(): Uint8Array | undefined {
    if (this.#lent !== undefined) this.#pool.give(this.#lent);
    const next = this.#ready.shift();
    this.#lent = next?.buffer;
    return next?.plaintext;
  }

  /** The application is done with so many plaintext bytes. True if credit grew noticeably. */
  release(bytes: number): boolean {
    this.#held -= bytes;
    const before = this.#credit;
    this.#updateCredit();
    return this.#credit > before;
  }

  /** The usual case: a record comes in one run, and is opened out of what was received. */
  #receiveWhole(position: SlicePosition, bytes: SliceBytes): SliceOutcome {
    if (!isRecordLength(position.recordLength)) return 'refused';
    this.#receivedBytes += bytes.length;
    const buffer = this.#pool.take();
    const isPlain = this.#open(position.record, joined(bytes), buffer);
    return isPlain ? 'completed' : this.#fail(position, bytes.length, bytes.sealed);
  }

  #begin({ record, recordLength }: SlicePosition): PartialRecord | undefined {
    if (!isRecordLength(recordLength)) return undefined;
    const partial = {
      length: recordLength,
      buffer: this.#pool.take(),
      received: new RangeSet(),
      missing: recordLength,
      sealed: true,
    };
    this.#partial.set(record, partial);
    return partial;
  }

  /** No more is to come of the record: all of it is there, or it is nothing of our sender's. */
  #receiveLast(position: SlicePosition, length: number, partial: PartialRecord): SliceOutcome {
    const { buffer, missing, sealed } = partial;
    this.#partial.delete(position.record);
    if (missing > 0) {
      this.#pool.give(buffer);
      return this.#fail(position, length, sealed);
    }
    const isPlain = this.#open(position.record, buffer.subarray(0, partial.length), buffer);
    return isPlain ? 'completed' : this.#fail(position, length, sealed);
  }

  /** Opens a record into `buffer`, which is handed out with it or goes back to the pool. */
  #open(record: number, sealed: Uint8Array, buffer: Uint8Array): boolean {
    const plaintext = this.#cipher.openInto(record, sealed, buffer);
    if (plaintext === undefined) {
      this.#pool.give(buffer);
      return false;
    }
    if (this.#failures.size > 0) this.#failures.delete(record);
    this.#completed.add(record, record + 1);
    this.#completedCount += 1;
    this.#held += plaintext.length;
    this.#ready.push({ plaintext, buffer });
    this.#updateCredit();
    return true;
  }

  #fail({ record, offset }: SlicePosition, length: number, sealed: boolean): SliceOutcome {
    const failure = this.#failures.get(record);
    if (failure !== undefined) failure.attempt += 1;
    else this.#failures.set(record, { attempt: 1, start: offset, end: offset + length });
    return sealed ? 'broken' : 'failed';
  }

  /** Whether the slice holds bytes of the one that completed its record when that failed. */
  #isWithheld(position: SlicePosition, length: number): boolean {
    if (this.#failures.size === 0) return false;
    const failure = this.#failures.get(position.record);
    if (failure === undefined) return false;
    return position.offset < failure.end && position.offset + length > failure.start;
  }

  #updateCredit(): void {
    const room = Math.floor((this.#window - this.#held) / MAX_RECORD_BYTES);
    this.#credit = Math.max(this.#credit, this.#completedCount + Math.max(0, room));
  }
}

function isRecordLength(length: number): boolean {
  return length > AEAD_TAG_BYTES && length <= MAX_RECORD_BYTES;
}

/** The slices one behind another: they are moved together where they were received. */
function joined({ source, start, stride, sliceBytes, length }: SliceBytes): Uint8Array {
  let from = start;
  for (let done = sliceBytes; done < length; done += sliceBytes) {
    from += stride;
    source.copyWithin(start + done, from, from + Math.min(sliceBytes, length - done));
  }
  return source.subarray(start, start + length);
}

function copySlices(bytes: SliceBytes, into: Uint8Array, at: number): void {
  const { source, stride, sliceBytes, length } = bytes;
  let from = bytes.start;
  for (let done = 0; done < length; done += sliceBytes) {
    const end = from + Math.min(sliceBytes, length - done);
    into.set(source.subarray(from, end), at + done);
    from += stride;
  }
}
