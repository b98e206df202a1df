import type { Hasher, RunningHash } from '../ports.ts';
import type { HaveRange } from './answer-message.ts';
import { ChunkSums } from './chunk-sums.ts';
import type { Entry } from './entry.ts';
import { dataHeader, dataRoom, sumFrame } from './frame.ts';
import { chunkCount } from './limits.ts';
import type { RecordBuilder } from './record-builder.ts';

/** A part of a source that is wanted: one chunk. */
export interface ChunkRead {
  readonly entry: number;
  readonly offset: number;
  readonly length: number;
}

/** A chunk between the wish to read it and the end of its last record. */
interface OutgoingChunk extends ChunkRead {
  readonly index: number;
  /** Whether it is the last of its entry. */
  readonly last: boolean;
  /** Whether the receiver holds it: it is read for the digest and not sent. */
  readonly held: boolean;
  bytes: Uint8Array | undefined;
  /** Over what has been cut into records so far. */
  readonly hash: RunningHash;
  sent: number;
}

/** Reads under way or waiting to be sent, beside the limit in bytes: for many small entries. */
const MAX_AHEAD = 64;
/** Type, entry, chunk and sum at their longest. */
const MAX_SUM_BYTES = 25;

/** The chunks of all entries in order: asks for them ahead of time and cuts them into records. */
export class OutgoingChunks {
  readonly #entries: readonly Entry[];
  readonly chunkBytes: number;
  readonly #hasher: Hasher;
  readonly #aheadBytes: number;
  /** Read or being read, in the order in which they are sent. */
  readonly #chunks: OutgoingChunk[] = [];
  readonly #have: HaveRange[] = [];
  #nextHave = 0;
  #ahead = 0;
  #nextEntry = 0;
  #nextOffset = 0;
  readonly #sums = new Map<number, ChunkSums>();
  /** XXH64 over the chunk sums, of each entry that has been read. */
  readonly digests: BigUint64Array;
  #spent: Uint8Array[] = [];
  readonly #released: Uint8Array[] = [];
  #bytesTaken = 0;

  constructor(entries: readonly Entry[], chunkBytes: number, hasher: Hasher, readAhead: number) {
    this.#entries = entries;
    this.chunkBytes = chunkBytes;
    this.#hasher = hasher;
    this.#aheadBytes = readAhead * chunkBytes;
    const ofNothing = hasher.xxh64(new Uint8Array(0));
    this.digests = new BigUint64Array(entries.length).fill(ofNothing);
    this.#skipEmpty();
  }

  /** Bytes that are in records or held by the receiver. */
  get bytesTaken(): number {
    return this.#bytesTaken;
  }

  get finished(): boolean {
    return this.#chunks.length === 0 && this.#nextEntry === this.#entries.length;
  }

  /** Adds chunks that the receiver holds; false when they do not follow those added before. */
  addHave(range: HaveRange): boolean {
    const count = chunkCount(this.#entries[range.entry]?.size ?? 0, this.chunkBytes);
    if (range.count === 0 || range.count > count || range.first > count - range.count) return false;
    const before = this.#have[this.#have.length - 1];
    if (before !== undefined && !follows(before, range)) return false;
    this.#have.push(range);
    return true;
  }

  /** The next read that is wanted, while there is room ahead. */
  pollRead(): ChunkRead | undefined {
    const read = this.#nextRead();
    if (read !== undefined) this.#plan(read);
    return read;
  }

  /** Takes what was read; the memory is lent until `pollReleased` gives it back. */
  handleRead(entry: number, offset: number, bytes: Uint8Array): void {
    const chunk = this.#chunks.find((each) => each.entry === entry && each.offset === offset);
    if (chunk === undefined || chunk.bytes !== undefined || bytes.length !== chunk.length) {
      throw new Error(`unreachable: no read of ${entry}:${offset}`);
    }
    chunk.bytes = bytes;
    this.#dropHeld();
  }

  /** Memory handed out in pieces by the last record is free: whoever took it is done with it. */
  releaseSpent(): void {
    if (this.#spent.length === 0) return;
    this.#released.push(...this.#spent);
    this.#spent = [];
  }

  /** A buffer, as given to `handleRead`, that nothing refers to any more. */
  pollReleased(): Uint8Array | undefined {
    return this.#released.shift();
  }

  /**
   * Adds data and sums to the record. A record that could not be filled waits for data that is
   * being read, unless what there is ends an entry.
   */
  pack(record: RecordBuilder): void {
    if (!this.#worthSending(record.room)) return;
    for (let chunk = this.#chunks[0]; chunk?.bytes !== undefined; chunk = this.#chunks[0]) {
      if (chunk.sent < chunk.length && !this.#packData(record, chunk, chunk.bytes)) return;
      if (chunk.sent < chunk.length || record.room < MAX_SUM_BYTES) return;
      record.add(sumFrame(chunk.entry, chunk.index, this.#finishSum(chunk)));
      this.#spent.push(chunk.bytes);
      this.#drop(chunk);
      this.#dropHeld();
    }
  }

  #packData(record: RecordBuilder, chunk: OutgoingChunk, bytes: Uint8Array): boolean {
    const offset = chunk.offset + chunk.sent;
    const length = dataRoom(chunk.entry, offset, chunk.length - chunk.sent, record.room);
    if (length <= 0) return false;
    record.add(dataHeader(chunk.entry, offset, length));
    const piece = bytes.subarray(chunk.sent, chunk.sent + length);
    // Here, because it is read for sealing next: once into the processor's cache serves both.
    chunk.hash.update(piece);
    record.add(piece);
    chunk.sent += length;
    this.#bytesTaken += length;
    return true;
  }

  #worthSending(room: number): boolean {
    let available = 0;
    let last = true;
    for (const chunk of this.#chunks) {
      if (chunk.bytes === undefined) return last;
      if (!chunk.held) available += chunk.length - chunk.sent;
      if (available >= room) return true;
      last = chunk.last;
    }
    // Where nothing more fits ahead, waiting would be for ever.
    return last || this.#nextRead() === undefined;
  }

  #nextRead(): ChunkRead | undefined {
    const entry = this.#entries[this.#nextEntry];
    if (entry === undefined || this.#chunks.length >= MAX_AHEAD) return undefined;
    const offset = this.#nextOffset;
    const length = Math.min(this.chunkBytes, entry.size - offset);
    if (this.#ahead + length > this.#aheadBytes) return undefined;
    return { entry: this.#nextEntry, offset, length };
  }

  #plan(read: ChunkRead): void {
    const next = read.offset + read.length;
    const last = next === this.#entries[read.entry]?.size;
    const index = read.offset / this.chunkBytes;
    const held = this.#isHeld(read.entry, index);
    const hash = this.#hasher.begin();
    this.#chunks.push({ ...read, index, last, held, bytes: undefined, hash, sent: 0 });
    this.#ahead += read.length;
    this.#nextOffset = last ? 0 : next;
    if (!last) return;
    this.#nextEntry += 1;
    this.#skipEmpty();
  }

  #isHeld(entry: number, index: number): boolean {
    let range = this.#have[this.#nextHave];
    while (range !== undefined && isBehind(range, entry, index)) {
      this.#nextHave += 1;
      range = this.#have[this.#nextHave];
    }
    return range !== undefined && range.entry === entry && range.first <= index;
  }

  #dropHeld(): void {
    for (let chunk = this.#chunks[0]; chunk?.held && chunk.bytes; chunk = this.#chunks[0]) {
      this.#bytesTaken += chunk.length;
      chunk.hash.update(chunk.bytes);
      this.#finishSum(chunk);
      this.#released.push(chunk.bytes);
      this.#drop(chunk);
    }
  }

  #drop(chunk: OutgoingChunk): void {
    this.#chunks.shift();
    this.#ahead -= chunk.length;
  }

  /** All of the chunk is hashed: notes and yields its sum. */
  #finishSum({ entry, index, hash }: OutgoingChunk): bigint {
    const sum = hash.digest();
    const size = this.#entries[entry]?.size ?? 0;
    const sums = this.#sums.get(entry) ?? new ChunkSums(chunkCount(size, this.chunkBytes));
    this.#sums.set(entry, sums);
    sums.set(index, sum);
    if (sums.complete) {
      this.digests[entry] = sums.digest(this.#hasher);
      this.#sums.delete(entry);
    }
    return sum;
  }

  #skipEmpty(): void {
    while (this.#entries[this.#nextEntry]?.size === 0) this.#nextEntry += 1;
  }
}

function follows(before: HaveRange, range: HaveRange): boolean {
  if (before.entry !== range.entry) return before.entry < range.entry;
  return before.first + before.count <= range.first;
}

function isBehind(range: HaveRange, entry: number, index: number): boolean {
  return range.entry < entry || (range.entry === entry && range.first + range.count <= index);
}
