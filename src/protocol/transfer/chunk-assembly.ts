import type { Hasher } from '../ports.ts';
import type { Holdings } from './answer-message.ts';
import { ChunkMemory } from './chunk-memory.ts';
import { ChunkSums } from './chunk-sums.ts';
import { type ChunkWrite, ChunkWrites } from './chunk-writes.ts';
import type { Offer } from './entry.ts';
import { EntryLengths } from './entry-lengths.ts';
import type { Frame } from './frame.ts';
import { IncomingChunk } from './incoming-chunk.ts';
import { chunkCount, MAX_CHUNK_LOG, TRANSFER_LIMITS } from './limits.ts';
import { protocolViolation, type Violation } from './violation.ts';
import { isAllZeros, ZEROS, ZeroSums } from './zeros.ts';

/** An entry of which some chunks, but not all, are whole. */
interface ActiveEntry {
  readonly open: Map<number, IncomingChunk>;
  readonly sums: ChunkSums;
}

/**
 * Puts chunks together from data and sums in any order, checks each and hands it out for writing.
 * What it holds is bounded: all that is begun and not whole by `limits.openBytes`, whole chunks by
 * the flow control window, for each of their bytes has been received and not reported as consumed.
 */
export class ChunkAssembly {
  readonly #offer: Offer;
  readonly #chunkBytes: number;
  readonly #hasher: Hasher;
  readonly #memory: ChunkMemory;
  readonly #zeroSums: ZeroSums;
  readonly #active = new Map<number, ActiveEntry>();
  /** Digest of every entry whose chunks are all whole. */
  readonly #digests: BigUint64Array;
  readonly #whole: Uint8Array;
  readonly #lengths: EntryLengths;
  readonly #writes = new ChunkWrites();
  /** How long the older file of each entry is that has one. */
  readonly #bases = new Map<number, number>();
  #openBytes = 0;
  #held = 0;
  #written = 0;

  /** `holdings`: what does not travel, within the bounds of the offer. */
  constructor(offer: Offer, chunkBytes: number, hasher: Hasher, holdings: Holdings) {
    this.#offer = offer;
    this.#chunkBytes = chunkBytes;
    this.#hasher = hasher;
    this.#memory = new ChunkMemory(chunkBytes);
    this.#zeroSums = new ZeroSums(hasher);
    const ofNothing = hasher.xxh64(new Uint8Array(0));
    this.#digests = new BigUint64Array(offer.entries.length).fill(ofNothing);
    this.#whole = new Uint8Array(offer.entries.length);
    this.#lengths = new EntryLengths(offer, chunkBytes);
    for (let index = 0; index < offer.entries.length; index += 1) {
      if (this.sizeOf(index) === 0) this.#whole[index] = 1;
    }
    this.#hold(holdings);
  }

  /** Data bytes taken in and not yet written. */
  get held(): number {
    return this.#held;
  }

  /** Bytes of the offer that are on the disk, earlier attempts included. */
  get written(): number {
    return this.#written;
  }

  /** Whether so many files wait for the disk that others had better wait in their records. */
  get isCrowded(): boolean {
    return this.#writes.files >= TRANSFER_LIMITS.waitingFiles;
  }

  get allWritten(): boolean {
    return this.#written === this.#lengths.total;
  }

  /** Files that the sender leaves out. */
  get omitted(): number[] {
    return this.#lengths.omitted;
  }

  /** How long an entry is; a stream that has not come to its end is endless. */
  sizeOf(entry: number): number {
    return this.#lengths.of(entry);
  }

  /** XXH64 over the chunk sums of an entry that is whole. */
  digest(entry: number): bigint {
    return this.#digests[entry] as bigint;
  }

  handleData({ entry, offset, bytes }: Extract<Frame, { kind: 'data' }>): Violation | undefined {
    const size = this.sizeOf(entry);
    if (bytes.length === 0 || bytes.length > size || offset > size - bytes.length) {
      return protocolViolation('data outside its entry');
    }
    const index = Math.floor(offset / this.#chunkBytes);
    const within = offset - index * this.#chunkBytes;
    const chunk = this.#open(entry, index);
    if (chunk === undefined) return protocolViolation('data for no open chunk');
    if (within + bytes.length > chunk.size) return protocolViolation('data across chunks');
    if (chunk.bytes === undefined) chunk.useMemory(this.#memory.take(chunk.size));
    if (!chunk.add(within, bytes)) return protocolViolation('data twice or in crumbs');
    this.#held += bytes.length;
    return chunk.whole ? this.#close(entry, chunk) : undefined;
  }

  /** A part of a chunk is in the older file. */
  handleCopy(frame: Extract<Frame, { kind: 'copy' }>): Violation | undefined {
    const { entry, length, from } = frame;
    const basis = this.#bases.get(entry) ?? 0;
    if (length > basis || from > basis - length) return protocolViolation('copy of nothing');
    return this.#handlePart(frame, from);
  }

  /** A part of a chunk is zeros. */
  handleZeros(frame: Extract<Frame, { kind: 'zeros' }>): Violation | undefined {
    return this.#handlePart(frame, ZEROS);
  }

  #handlePart(
    { entry, offset, length }: { entry: number; offset: number; length: number },
    from: number,
  ): Violation | undefined {
    const size = this.sizeOf(entry);
    if (length < 1 || length > size || offset > size - length) {
      return protocolViolation('copy outside its entry');
    }
    const index = Math.floor(offset / this.#chunkBytes);
    const start = offset - index * this.#chunkBytes;
    const chunk = this.#open(entry, index);
    if (chunk === undefined) return protocolViolation('copy for no open chunk');
    if (start + length > chunk.length) return protocolViolation('copy across chunks');
    if (!chunk.addCopy({ start, length, from }))
      return protocolViolation('copy twice or in crumbs');
    return chunk.whole ? this.#close(entry, chunk) : undefined;
  }

  handleSum({ entry, chunk: index, sum }: Extract<Frame, { kind: 'sum' }>): Violation | undefined {
    const chunk = this.#openNumbered(entry, index);
    if (chunk === undefined) return protocolViolation('sum for no open chunk');
    if (chunk.sum !== undefined) return protocolViolation('two sums for a chunk');
    chunk.sum = sum;
    return chunk.whole ? this.#close(entry, chunk) : undefined;
  }

  /** A chunk travels compressed. */
  handleCompressed(frame: Extract<Frame, { kind: 'compressed' }>): Violation | undefined {
    const { entry, chunk: index, length } = frame;
    const chunk = this.#openNumbered(entry, index);
    if (chunk === undefined) return protocolViolation('compression of no open chunk');
    return this.#cut(entry, chunk, () => chunk.compress(length));
  }

  /**
   * A stream has come to its end, or a file that is left out to what has been read of it; the last chunk
   * may be here already.
   */
  handleEnd({ entry, size }: Extract<Frame, { kind: 'end' }>): Violation | undefined {
    if (this.#whole[entry] === 1 || !this.#lengths.end(entry, size)) {
      return protocolViolation('end of what has none');
    }
    const { open, sums } = this.#activate(entry);
    const count = chunkCount(size, this.#chunkBytes);
    const highest = Math.max(sums.highest, ...open.keys());
    if (highest >= count) return protocolViolation('data behind the end');
    sums.end(count);
    const last = open.get(count - 1);
    if (last !== undefined) {
      return this.#cut(entry, last, () => last.end(this.#lengthOf(entry, last.index)));
    }
    // A chunk that is whole already was as long as any.
    const isTooLong = sums.has(count - 1) && size % this.#chunkBytes !== 0;
    if (isTooLong) return protocolViolation('data behind the end');
    if (sums.complete) this.#finish(entry, sums);
    return undefined;
  }

  /** Less of a chunk is to come than it seemed; false of `cut`: more has come already. */
  #cut(entry: number, chunk: IncomingChunk, cut: () => boolean): Violation | undefined {
    this.#openBytes -= openCost(chunk);
    const fits = cut();
    this.#openBytes += openCost(chunk);
    if (!fits) return protocolViolation('data behind the end');
    return chunk.whole ? this.#close(entry, chunk) : undefined;
  }

  /** The next chunk to write; its memory is lent until `handleWritten`. */
  pollWrite(): ChunkWrite | undefined {
    return this.#writes.poll();
  }

  /** One or several consecutive chunks from `offset` on have been written. */
  handleWritten(entry: number, offset: number, length: number): void {
    for (const write of this.#writes.finish(entry, offset, length)) {
      this.#memory.giveBack(write.bytes);
      this.#held -= write.bytes.length;
      this.#written += write.length;
    }
  }

  /** The open chunk of that number, if there is to be such a chunk. */
  #openNumbered(entry: number, index: number): IncomingChunk | undefined {
    const count = chunkCount(this.sizeOf(entry), this.#chunkBytes);
    return index < count && index <= MAX_CHUNK ? this.#open(entry, index) : undefined;
  }

  /** The open chunk, made if need be; `undefined` when it is whole already or too many are open. */
  #open(entry: number, index: number): IncomingChunk | undefined {
    if (this.#whole[entry] === 1) return undefined;
    const active = this.#activate(entry);
    if (active.sums.has(index)) return undefined;
    const known = active.open.get(index);
    if (known !== undefined) return known;
    const chunk = new IncomingChunk(index, this.#lengthOf(entry, index), this.#hasher);
    this.#openBytes += openCost(chunk);
    if (this.#openBytes > TRANSFER_LIMITS.openBytes) return undefined;
    active.open.set(index, chunk);
    return chunk;
  }

  #close(entry: number, chunk: IncomingChunk): Violation | undefined {
    const { copies, length, isCompressed } = chunk;
    const isZeros = isAllZeros(copies, length);
    const isGood = isZeros
      ? chunk.sum === this.#zeroSums.of(length)
      : copies.length > 0 || isCompressed || chunk.matchesSum();
    if (!isGood) {
      return { code: 'P2P_INTEGRITY', detail: 'chunk does not match its sum' };
    }
    const bytes = copies.length === 0 ? (chunk.bytes as Uint8Array) : chunk.packed();
    if (copies.length > 0 && chunk.bytes !== undefined) this.#memory.giveBack(chunk.bytes);
    this.#activate(entry).open.delete(chunk.index);
    this.#openBytes -= openCost(chunk);
    const sum = chunk.sum as bigint;
    const offset = chunk.index * this.#chunkBytes;
    this.#writes.push({ entry, offset, length, bytes, copies, isCompressed, sum });
    this.#note(entry, (sums) => sums.set(chunk.index, sum));
    return undefined;
  }

  #hold({ skipped, have, bases }: Holdings): void {
    for (const { entry, blockLog, strong } of bases) {
      const bytes = blockLog === 0 ? this.sizeOf(entry) : strong.length * 2 ** blockLog;
      this.#bases.set(entry, bytes);
    }
    for (const { first, count } of skipped) {
      for (let entry = first; entry < first + count; entry += 1) {
        this.#written += this.#offer.entries.at(entry)?.size ?? 0;
        this.#whole[entry] = 1;
        this.#lengths.forget(entry);
      }
    }
    for (const { entry, first, count } of have) {
      for (let chunk = first; chunk < first + count; chunk += 1) {
        this.#written += this.#lengthOf(entry, chunk);
        this.#note(entry, (sums) => sums.hold(chunk));
      }
    }
  }

  /** Notes what is known of a chunk, and with the last one the digest of its entry. */
  #note(entry: number, change: (sums: ChunkSums) => void): void {
    const { sums } = this.#activate(entry);
    const openPages = sums.openPages;
    change(sums);
    this.#openBytes += (sums.openPages - openPages) * TRANSFER_LIMITS.openFloorBytes;
    if (sums.complete) this.#finish(entry, sums);
  }

  #finish(entry: number, sums: ChunkSums): void {
    this.#openBytes -= (1 + sums.openPages) * TRANSFER_LIMITS.openFloorBytes;
    this.#digests[entry] = sums.digest(this.#hasher);
    this.#whole[entry] = 1;
    this.#active.delete(entry);
  }

  #activate(entry: number): ActiveEntry {
    const known = this.#active.get(entry);
    if (known !== undefined) return known;
    const active = {
      open: new Map<number, IncomingChunk>(),
      sums: new ChunkSums(chunkCount(this.sizeOf(entry), this.#chunkBytes)),
    };
    this.#active.set(entry, active);
    this.#openBytes += TRANSFER_LIMITS.openFloorBytes;
    return active;
  }

  #lengthOf(entry: number, index: number): number {
    return Math.min(this.#chunkBytes, this.sizeOf(entry) - index * this.#chunkBytes);
  }
}

/** Beyond it, an offset would be no safe integer. */
const MAX_CHUNK = Number.MAX_SAFE_INTEGER / 2 ** MAX_CHUNK_LOG;

function openCost(chunk: IncomingChunk): number {
  return Math.max(chunk.size, TRANSFER_LIMITS.openFloorBytes);
}
