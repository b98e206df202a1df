import type { Hasher } from '../../ports.ts';
import type { Entries } from '../entries/entry.ts';
import { chunkCount } from '../limits.ts';
import type { AnswerPage } from '../messages/answer-message.ts';
import { endFrame, sumFrame } from '../messages/frame.ts';
import type { RecordBuilder } from '../messages/record-builder.ts';
import { ChunkCursor } from './chunk-cursor.ts';
import { compressionRun, LEAST_WAIT_MS, RUN_FILES, RUN_SHARE } from './compression-run.ts';
import { OlderFiles } from './older-files.ts';
import {
  bytesBeside,
  type ChunkRead,
  type CompressionRun,
  compressChunks,
  fillChunk,
  MAX_SUM_BYTES,
  mayTravel,
  type OutgoingChunk,
  outgoingChunk,
  packChunk,
  type ReadChunk,
  type ReadWish,
  takenBytes,
  tellShort,
} from './outgoing-chunk.ts';
import { OutgoingSums } from './outgoing-sums.ts';
import { SenderHoldings } from './sender-holdings.ts';

/** Reads under way or waiting to be sent, beside the limit in bytes: for many small entries. */
const MAX_AHEAD = 256;

/** The chunks of all entries in order: asks for them ahead of time and cuts them into records. */
export class OutgoingChunks {
  readonly #entries: Entries;
  readonly chunkBytes: number;
  readonly #hasher: Hasher;
  readonly #aheadBytes: number;
  /** Read or being read, in the order in which they are sent. */
  readonly #chunks: OutgoingChunk[] = [];
  readonly #bases: OlderFiles;
  /** How long the streams are that have come to their end, and what is sent of files that are left out. */
  readonly #ended = new Map<number, number>();
  /** Files that are left out, of which the receiver has yet to be told. */
  readonly #untold: number[] = [];
  readonly #holdings: SenderHoldings;
  #ahead = 0;
  /** Reads under way. */
  #reading = 0;
  /** Bytes that came since it was last looked for what to compress, and chunks that went. */
  #news = 0;
  readonly #cursor: ChunkCursor;
  readonly sums: OutgoingSums;
  #spent: Uint8Array[] = [];
  readonly #released: Uint8Array[] = [];
  #bytesTaken = 0;
  /** Whether chunks of a stream may be short: then only nothing is its end. */
  #takesShort = false;
  #isPaused = false;

  constructor(entries: Entries, chunkBytes: number, hasher: Hasher, readAhead: number) {
    this.#entries = entries;
    this.chunkBytes = chunkBytes;
    this.#hasher = hasher;
    this.#aheadBytes = readAhead * chunkBytes;
    this.#bases = new OlderFiles(entries, chunkBytes, hasher);
    this.#holdings = new SenderHoldings(entries, chunkBytes);
    this.#cursor = new ChunkCursor({
      entries,
      chunkBytes,
      holdings: this.#holdings,
      sizeOf: (entry) => this.sizeOf(entry),
    });
    this.sums = new OutgoingSums(entries.length, hasher);
  }

  /** Bytes that are in records or that the receiver has already. */
  get bytesTaken(): number {
    return this.#bytesTaken + this.#cursor.heldBytes;
  }

  get finished(): boolean {
    const isAllPacked = this.#chunks.length === 0 && this.#untold.length === 0;
    return isAllPacked && this.#cursor.at === undefined;
  }

  /** Adds what the receiver does not need; false when it does not follow what was added before. */
  addHoldings({ skipped, have, bases }: Omit<AnswerPage, 'kind' | 'last'>): boolean {
    if (!bases.every((part) => this.#bases.add(part))) return false;
    return (
      skipped.every((run) => this.#holdings.addSkipped(run)) &&
      have.every((range) => this.#holdings.addHave(range))
    );
  }

  /** All that the receiver does not need is known; `takesShort`: chunks of a stream may be short. */
  begin({ takesShort }: { readonly takesShort: boolean }): void {
    this.#takesShort = takesShort;
    this.#cursor.seek();
  }

  /** The next read that is wanted, while there is room ahead. */
  pollRead(): ReadWish | undefined {
    const read = this.#nextRead();
    if (read === undefined) return undefined;
    this.#plan(read);
    return { ...read, mayBeShort: this.#takesShort && this.#isStream(read.entry) };
  }

  /** Nothing more of a stream comes for now: what there is leaves. */
  handlePause(): void {
    this.#isPaused = true;
  }

  /** Takes what was read, whose memory is lent until `pollReleased` gives it back. */
  handleRead(entry: number, offset: number, bytes: Uint8Array): void {
    const chunk = this.#chunkAt(entry, offset);
    if (chunk === undefined && offset >= this.sizeOf(entry)) {
      this.#released.push(bytes);
      return;
    }
    if (chunk?.stage !== 'reading') throw new Error(`unreachable: no read of ${entry}:${offset}`);
    this.#reading -= 1;
    this.#isPaused = false;
    this.#news += Math.max(bytes.length, (RUN_SHARE * this.chunkBytes) / RUN_FILES);
    const lacking = fillChunk(chunk, bytes);
    const isWrong = lacking < 0 || (lacking > 0 && !this.#isStream(entry));
    if (isWrong) throw new Error(`unreachable: ${bytes.length} bytes of ${entry}:${offset}`);
    this.#ahead -= lacking;
    const isEnd = lacking > 0 && !(this.#takesShort && bytes.length > 0);
    if (isEnd) this.#endIn(chunk);
    else if (lacking > 0) tellShort(chunk);
    chunk.copies = this.#bases.match(entry, chunk.index, bytes);
    const needed = bytesBeside(chunk.copies, bytes.length);
    // Where a stream ends nobody could tell what is compressed; of a few bytes in many it is no use.
    chunk.stage = isEnd || needed < bytes.length / 2 ? 'settled' : 'read';
  }

  /**
   * What had better be compressed before it is sent, which may leave at `rate` bytes a millisecond; it is
   * kept back until `handleCompressed`. `takesGroups`: whether small files may travel together.
   */
  pollCompression(rate: number, takesGroups: boolean): CompressionRun | undefined {
    if (this.#ahead / rate < LEAST_WAIT_MS || !this.#hasNews) return undefined;
    const waiting = compressionRun(this.#chunks, {
      rate,
      chunkBytes: takesGroups ? this.chunkBytes : undefined,
      isLeftOut: (entry) => this.#ended.has(entry),
    });
    if (waiting === undefined) {
      this.#news = 0;
      return undefined;
    }
    const chunks = waiting.chunks.map((chunk) => {
      chunk.stage = 'compressing';
      return { entry: chunk.entry, offset: chunk.offset, bytes: chunk.bytes as Uint8Array };
    });
    return { chunks, waitMs: waiting.waitMs };
  }

  /** Takes what came of `pollCompression`: nothing where it was not worth it. */
  handleCompressed(pieces: readonly ReadChunk[], compressed: Uint8Array | undefined): void {
    const chunks: OutgoingChunk[] = [];
    for (const { entry, offset, bytes } of pieces) {
      const chunk = this.#chunkAt(entry, offset);
      if (chunk?.stage === 'compressing') chunks.push(chunk);
      // It was alone, and has been left out meanwhile with the rest of its file.
      else this.#released.push(bytes);
    }
    for (const chunk of chunks) chunk.stage = 'settled';
    if (compressed !== undefined) compressChunks(chunks, compressed);
  }

  /**
   * Leaves a file out of which a read has failed: what has been read of it is sent, and the receiver
   * told that this was all. False where that cannot be: it holds a later part.
   */
  omit(entry: number): boolean {
    if (this.#ended.has(entry)) return true;
    const first = this.#chunks.findIndex((each) => {
      return each.entry === entry && each.stage === 'reading';
    });
    const end = this.#chunks[first]?.offset ?? 0;
    if (first === -1 || this.#holdings.holdsBeyond(entry, end / this.chunkBytes)) return false;
    const rest = this.#chunks.filter((each) => each.entry === entry && each.offset >= end);
    for (const { length, memory, stage } of this.#chunks.splice(first, rest.length)) {
      this.#ahead -= length;
      this.#news += 1;
      if (stage === 'reading') this.#reading -= 1;
      // What is being compressed is in use.
      if (memory !== undefined && stage !== 'compressing') this.#released.push(memory);
    }
    this.#ended.set(entry, end);
    this.#untold.push(entry);
    if (this.#cursor.entry === entry) this.#cursor.leave();
    const before = this.#chunks[first - 1];
    if (before?.entry === entry) before.last = true;
    else this.sums.finish(entry);
    return true;
  }

  /** How long an entry is, or what is sent of it; a stream that has not come to its end is endless. */
  sizeOf(entry: number): number {
    const ended = this.#ended.size > 0 ? this.#ended.get(entry) : undefined;
    if (ended !== undefined) return ended;
    return this.#isStream(entry) ? Number.POSITIVE_INFINITY : (this.#entries.at(entry)?.size ?? 0);
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
   * being read, unless what there is ends an entry and the next one is a stream.
   */
  pack(record: RecordBuilder): void {
    while (this.#untold.length > 0 && record.room >= MAX_SUM_BYTES) {
      const entry = this.#untold.shift() as number;
      record.add(endFrame(entry, this.sizeOf(entry)));
    }
    if (!this.#worthSending(record.room)) return;
    for (let chunk = this.#chunks[0]; chunk && mayTravel(chunk); chunk = this.#chunks[0]) {
      const before = takenBytes(chunk);
      const isPacked = packChunk(record, chunk, chunk.bytes as Uint8Array);
      this.#bytesTaken += takenBytes(chunk) - before;
      if (!isPacked) return;
      if (chunk.length > 0) record.add(sumFrame(chunk.entry, chunk.index, this.#addSum(chunk)));
      if (chunk.last) this.sums.finish(chunk.entry);
      this.#spent.push(chunk.memory as Uint8Array);
      this.#chunks.shift();
      this.#news += 1;
      this.#ahead -= chunk.length;
    }
  }

  /** A stream has ended in a chunk, or right before it. */
  #endIn(chunk: OutgoingChunk): void {
    this.#ended.set(chunk.entry, chunk.offset + chunk.length);
    chunk.last = true;
    chunk.heads.push(endFrame(chunk.entry, this.sizeOf(chunk.entry)));
    this.#cursor.seek();
  }

  /** Whether to look for what to compress: many reads come in one turn, and a look goes through them all. */
  get #hasNews(): boolean {
    return this.#news >= (this.#reading === 0 ? 1 : RUN_SHARE * this.chunkBytes);
  }

  #chunkAt(entry: number, offset: number): OutgoingChunk | undefined {
    return this.#chunks.find((each) => each.entry === entry && each.offset === offset);
  }

  #isStream(entry: number): boolean {
    return this.#entries.at(entry)?.kind === 'stream';
  }

  #worthSending(room: number): boolean {
    let available = 0;
    let isUrgent = true;
    for (const chunk of this.#chunks) {
      // A file is there in a moment; what a pipe yields next may be long in coming.
      if (!mayTravel(chunk)) return (isUrgent || this.#isPaused) && this.#isStream(chunk.entry);
      available += (chunk.bytes?.length ?? 0) - chunk.sent;
      if (available >= room) return true;
      isUrgent = chunk.last || chunk.isShort;
    }
    // Where nothing more fits ahead, waiting would be for ever.
    return isUrgent || this.#nextRead() === undefined;
  }

  #nextRead(): ChunkRead | undefined {
    const { at, entry, offset } = this.#cursor;
    if (at === undefined || this.#chunks.length >= MAX_AHEAD) return undefined;
    // Whether there is more of a stream is not known before what is asked for has come.
    const before = this.#chunks.at(-1);
    if (at.kind === 'stream' && before?.entry === entry && !before.bytes) return undefined;
    const length = Math.min(this.chunkBytes, this.sizeOf(entry) - offset);
    if (this.#ahead + length > this.#aheadBytes) return undefined;
    return { entry, offset, length };
  }

  #plan(read: ChunkRead): void {
    this.#cursor.seek(read.offset + read.length);
    const last = this.#cursor.entry !== read.entry;
    this.#chunks.push(
      outgoingChunk(read, { chunkBytes: this.chunkBytes, last, hasher: this.#hasher }),
    );
    this.#ahead += read.length;
    this.#reading += 1;
  }

  /** All of the chunk is hashed: notes and yields its sum. */
  #addSum({ entry, index, hash }: OutgoingChunk): bigint {
    const count = chunkCount(this.sizeOf(entry), this.chunkBytes);
    return this.sums.add(entry, index, hash.digest(), count);
  }
}
