import { AEAD_TAG_BYTES } from '../ports.ts';
import { MAX_BATCH_BYTES, MAX_BATCH_SEGMENTS } from '../wire/packet.ts';
import { BufferPool } from './buffer-pool.ts';
import { DATA_HEADER_BYTES, MAX_RECORD_NUMBER } from './data-packet.ts';
import { OutgoingRecord } from './outgoing-record.ts';
import { SEALED_DATA_OVERHEAD_BYTES } from './packet-sealer.ts';
import type { RecordCipher } from './record-cipher.ts';

/** Idle packet buffers that are kept, 16 MB: what a window over loopback grows to, or 100 ms at a Gbit/s. */
const POOLED_BUFFERS = 256;

/** Records that may be sent before the peer has said how many it takes; every window is larger. */
export const INITIAL_CREDIT = 16;

/** Where plaintext comes from: pieces of together at most `maxBytes`, or `undefined` for none now. */
export type RecordSource = (maxBytes: number) => Uint8Array[] | undefined;

/** A slice that is to be sent. */
export interface WantedSlice {
  readonly record: OutgoingRecord;
  readonly slice: number;
}

/** Records from their sealing to their last acknowledgement, and which slices are wanted next. */
export class OutgoingRecords {
  readonly #cipher: RecordCipher;
  readonly #source: RecordSource;
  #sliceBytes: number;
  readonly #pool = new BufferPool(MAX_BATCH_BYTES, POOLED_BUFFERS);
  readonly #records = new Map<number, OutgoingRecord>();
  /** Slices to be sent again, oldest first; consumed from `#repeatHead`. */
  #repeats: WantedSlice[] = [];
  #repeatHead = 0;
  /** The record whose first transmission is under way. */
  #fresh: OutgoingRecord | undefined;
  #next = 0;
  #credit = INITIAL_CREDIT;
  /** Longest slice that may leave; shorter than those of new records while slices are sealed. */
  #sliceLimit = Infinity;

  constructor(cipher: RecordCipher, source: RecordSource, datagramBytes: number) {
    this.#cipher = cipher;
    this.#source = source;
    this.#sliceBytes = datagramBytes - DATA_HEADER_BYTES;
  }

  /** Plaintext bytes of a full record: as many slices as one batch carries, less the AEAD's tag. */
  get maxPlaintext(): number {
    const packetBytes = this.#sliceBytes + DATA_HEADER_BYTES;
    const packets = Math.min(MAX_BATCH_SEGMENTS, Math.floor(MAX_BATCH_BYTES / packetBytes));
    return packets * this.#sliceBytes - AEAD_TAG_BYTES;
  }

  /** Records sealed and not yet acknowledged. */
  get open(): number {
    return this.#records.size;
  }

  /** Whether the peer's credit is what keeps a record from being sealed. */
  get isBlocked(): boolean {
    return this.#next >= this.#credit;
  }

  onCredit(credit: number): void {
    this.#credit = Math.max(this.#credit, Math.min(credit, MAX_RECORD_NUMBER));
  }

  /** The slice to be repeated next; it stays first until `takeRepeat`. */
  peekRepeat(): WantedSlice | undefined {
    while (this.#repeatHead < this.#repeats.length) {
      const wanted = this.#repeats[this.#repeatHead] as WantedSlice;
      if (this.#isOpen(wanted.record) && wanted.record.isWanted(wanted.slice)) return wanted;
      this.#repeatHead += 1;
    }
    this.#repeats = [];
    this.#repeatHead = 0;
    return undefined;
  }

  takeRepeat(): void {
    this.#repeatHead += 1;
  }

  /** The record with slices that were never sent, sealing a new one if credit and source allow. */
  fresh(): OutgoingRecord | undefined {
    if (this.#fresh === undefined || this.#fresh.sentSlices >= this.#fresh.sliceCount) {
      this.#fresh = this.isBlocked ? undefined : this.#seal();
    }
    return this.#fresh;
  }

  onAcked(number: number, offset: number, length: number, packetNumber: number): void {
    const record = this.#records.get(number);
    if (record === undefined || packetNumber < record.restartedAt) return;
    record.markAcked(offset, length);
    if (!record.isAcked) return;
    this.#records.delete(number);
    this.recycle(record);
  }

  onLost(number: number, offset: number, length: number): void {
    const record = this.#records.get(number);
    record?.markLost(offset, length, (slice) => this.#repeats.push({ record, slice }));
  }

  /**
   * The peer could not open a record: all of it goes out again, unless that is under way already.
   * `nextPacket` is the first packet number that can carry it again.
   */
  onRejected(number: number, attempt: number, nextPacket: number): void {
    const record = this.#records.get(number);
    if (record === undefined || attempt <= record.attempt) return;
    record.attempt = attempt;
    record.restart();
    record.restartedAt = nextPacket;
    this.#repeatAll(record);
  }

  /**
   * From now on slices fit datagrams of this size, sealed one by one or not. Longer ones in flight
   * are cut anew and count as not arrived.
   */
  cutFor(datagramBytes: number, sealed: boolean): void {
    this.#sliceBytes = datagramBytes - DATA_HEADER_BYTES;
    this.#sliceLimit = sealed ? datagramBytes - SEALED_DATA_OVERHEAD_BYTES : this.#sliceBytes;
    for (const record of this.#records.values()) this.#reslice(record);
  }

  /** Gives the memory back once neither the peer nor the socket needs it. */
  recycle(record: OutgoingRecord): void {
    if (record.pendingSends === 0 && !this.#records.has(record.number)) {
      this.#pool.give(record.packets);
    }
  }

  #isOpen(record: OutgoingRecord): boolean {
    return this.#records.has(record.number);
  }

  #seal(): OutgoingRecord | undefined {
    const plaintext = this.#source(this.maxPlaintext);
    if (plaintext === undefined) return undefined;
    const number = this.#next;
    this.#next += 1;
    const length = plaintext.reduce((sum, piece) => sum + piece.length, AEAD_TAG_BYTES);
    const record = new OutgoingRecord(number, this.#pool.take(), this.#sliceBytes, length);
    this.#cipher.sealInto(number, plaintext, record.sealed);
    record.spread();
    record.reslice(this.#sliceLimit);
    this.#records.set(number, record);
    return record;
  }

  #reslice(record: OutgoingRecord): void {
    if (record.sliceBytes <= this.#sliceLimit) return;
    const started = record.sentSlices > 0;
    record.reslice(this.#sliceLimit);
    if (started || record !== this.#fresh) this.#repeatAll(record);
  }

  #repeatAll(record: OutgoingRecord): void {
    record.sentSlices = record.sliceCount;
    for (let slice = 0; slice < record.sliceCount; slice += 1) {
      if (record.isWanted(slice)) this.#repeats.push({ record, slice });
    }
  }
}
