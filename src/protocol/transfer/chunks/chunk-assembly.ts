import type { Hasher } from '../../ports.ts';
import type { Offer } from '../entries/entry.ts';
import { TRANSFER_LIMITS } from '../limits.ts';
import type { Holdings } from '../messages/answer-message.ts';
import type { Frame, GroupFrame } from '../messages/frame.ts';
import { protocolViolation, type Violation } from '../violation.ts';
import { ChunkMemory } from './chunk-memory.ts';
import { type ChunkWrite, ChunkWrites, type GroupWrite } from './chunk-writes.ts';
import type { IncomingChunk } from './incoming-chunk.ts';
import { IncomingGroups } from './incoming-groups.ts';
import { OpenChunks } from './open-chunks.ts';
import { isAllZeros, ZEROS, ZeroSums } from './zeros.ts';

/**
 * Puts chunks together from data and sums in any order, checks each and hands it out for writing.
 * What it holds is bounded: all that is begun and not whole by `limits.openBytes`, whole chunks by
 * the flow control window, for each of their bytes has been received and not reported as consumed.
 */
export class ChunkAssembly {
  readonly #offer: Offer;
  readonly #chunkBytes: number;
  readonly #memory: ChunkMemory;
  readonly #zeroSums: ZeroSums;
  readonly #chunks: OpenChunks;
  readonly #groups: IncomingGroups;
  readonly #writes = new ChunkWrites();
  /** How long the older file of each entry is that has one. */
  readonly #bases = new Map<number, number>();
  readonly #takesShort: boolean;
  #held = 0;
  #written = 0;

  /** `holdings`: what does not travel, within the bounds of the offer; `takesShort`: as it was answered. */
  constructor(
    { offer, chunkBytes }: { readonly offer: Offer; readonly chunkBytes: number },
    hasher: Hasher,
    { holdings, takesShort }: { readonly holdings: Holdings; readonly takesShort: boolean },
  ) {
    this.#offer = offer;
    this.#chunkBytes = chunkBytes;
    this.#takesShort = takesShort;
    this.#memory = new ChunkMemory(chunkBytes);
    this.#zeroSums = new ZeroSums(hasher);
    this.#chunks = new OpenChunks(offer, chunkBytes, hasher);
    this.#groups = new IncomingGroups(this.#chunks, this.#memory);
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

  /** Whether so many files, or short chunks, wait to be written that others had better wait in their records. */
  get isCrowded(): boolean {
    const { waitingFiles, shortAhead } = TRANSFER_LIMITS;
    const { files, short } = this.#writes;
    // Of so many short ones as many as of files wait for no other.
    return files >= waitingFiles || short >= waitingFiles + shortAhead;
  }

  get allWritten(): boolean {
    return this.#written === this.#chunks.total;
  }

  /** Files that the sender leaves out. */
  get omitted(): number[] {
    return this.#chunks.omitted;
  }

  /** How long an entry is; a stream that has not come to its end is endless. */
  sizeOf(entry: number): number {
    return this.#chunks.sizeOf(entry);
  }

  /** XXH64 over the chunk sums of an entry that is whole. */
  digest(entry: number): bigint {
    return this.#chunks.digest(entry);
  }

  handleData({ entry, offset, bytes }: Extract<Frame, { kind: 'data' }>): Violation | undefined {
    const size = this.sizeOf(entry);
    if (bytes.length === 0 || bytes.length > size || offset > size - bytes.length) {
      return protocolViolation('data outside its entry');
    }
    const index = Math.floor(offset / this.#chunkBytes);
    const within = offset - index * this.#chunkBytes;
    const chunk = this.#chunks.open(entry, index);
    if (chunk === undefined || chunk.isGrouped) {
      return protocolViolation('data for no open chunk');
    }
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
    const chunk = this.#chunks.open(entry, index);
    if (chunk === undefined) return protocolViolation('copy for no open chunk');
    if (start + length > chunk.length) return protocolViolation('copy across chunks');
    if (!chunk.addCopy({ start, length, from }))
      return protocolViolation('copy twice or in crumbs');
    return chunk.whole ? this.#close(entry, chunk) : undefined;
  }

  handleSum({ entry, chunk: index, sum }: Extract<Frame, { kind: 'sum' }>): Violation | undefined {
    const chunk = this.#chunks.openNumbered(entry, index);
    if (chunk === undefined) return protocolViolation('sum for no open chunk');
    if (chunk.sum !== undefined) return protocolViolation('two sums for a chunk');
    chunk.sum = sum;
    const group = chunk.isGrouped ? this.#groups.of(entry) : undefined;
    if (group?.whole) this.#writes.pushGroup(this.#groups.close(group));
    return chunk.whole ? this.#close(entry, chunk) : undefined;
  }

  /** A part of what several files are, compressed together. */
  handleGroup(frame: GroupFrame): Violation | undefined {
    const { size, offset, bytes } = frame;
    const group = this.#groups.take(frame);
    if (group === undefined) return protocolViolation('group of no open files');
    if (bytes.length === 0 || bytes.length > size || offset > size - bytes.length) {
      return protocolViolation('data outside its group');
    }
    if (!group.add(offset, bytes)) return protocolViolation('data twice or in crumbs');
    this.#held += bytes.length;
    if (group.whole) this.#writes.pushGroup(this.#groups.close(group));
    return undefined;
  }

  /** A chunk travels compressed. */
  handleCompressed(frame: Extract<Frame, { kind: 'compressed' }>): Violation | undefined {
    const { entry, chunk: index, length } = frame;
    const chunk = this.#chunks.openNumbered(entry, index);
    if (chunk === undefined) return protocolViolation('compression of no open chunk');
    return this.#cut(entry, chunk, () => chunk.compress(length));
  }

  /** A chunk of a stream lacks its rest. */
  handleShort(frame: Extract<Frame, { kind: 'short' }>): Violation | undefined {
    const { entry, chunk: index, length, size } = frame;
    const chunk = this.#takesShort ? this.#chunks.openNumbered(entry, index) : undefined;
    if (chunk?.length !== this.#chunkBytes) return protocolViolation('no chunk that may be short');
    if (!this.#chunks.lack(entry, index, chunk.length - length)) {
      return protocolViolation('short chunk too far ahead');
    }
    return this.#cut(entry, chunk, () => chunk.shorten(length, size));
  }

  /**
   * A stream has come to its end, or a file that is left out to what has been read of it; the last chunk
   * may be here already.
   */
  handleEnd({ entry, size }: Extract<Frame, { kind: 'end' }>): Violation | undefined {
    const last = this.#chunks.end(entry, size);
    if (typeof last === 'string') return protocolViolation(last);
    if (last === undefined || last.isShort) return undefined;
    return this.#cut(entry, last, () => last.end(this.#chunks.lengthOf(entry, last.index)));
  }

  /** Less of a chunk is to come than it seemed; false of `cut`: more has come already. */
  #cut(entry: number, chunk: IncomingChunk, cut: () => boolean): Violation | undefined {
    if (!this.#chunks.shorten(chunk, cut)) return protocolViolation('data behind the end');
    return chunk.whole ? this.#close(entry, chunk) : undefined;
  }

  /** The next chunk, or group of files, to write; its memory is lent until `handleWritten`. */
  pollWrite(): ChunkWrite | GroupWrite | undefined {
    return this.#writes.poll();
  }

  /** One or several consecutive chunks from `offset` on have been written. */
  handleWritten(entry: number, offset: number, length: number): void {
    for (const bytes of this.#writes.finish(entry, offset, length)) {
      this.#memory.giveBack(bytes);
      this.#held -= bytes.length;
    }
    this.#written += length;
  }

  #close(entry: number, chunk: IncomingChunk): Violation | undefined {
    const { copies, length, isCompressed, isShort } = chunk;
    const isZeros = isAllZeros(copies, length);
    const isGood = isZeros
      ? chunk.sum === this.#zeroSums.of(length)
      : copies.length > 0 || isCompressed || chunk.matchesSum();
    if (!isGood) {
      return { code: 'P2P_INTEGRITY', detail: 'chunk does not match its sum' };
    }
    const bytes = copies.length === 0 ? (chunk.bytes as Uint8Array) : chunk.packed();
    if (copies.length > 0 && chunk.bytes !== undefined) this.#memory.giveBack(chunk.bytes);
    const sum = this.#chunks.close(entry, chunk);
    const offset = chunk.index * this.#chunkBytes;
    this.#writes.push({ entry, offset, length, bytes, copies, isCompressed, isShort, sum });
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
        this.#chunks.skip(entry);
      }
    }
    for (const { entry, first, count } of have) {
      for (let chunk = first; chunk < first + count; chunk += 1) {
        this.#written += this.#chunks.lengthOf(entry, chunk);
        this.#chunks.hold(entry, chunk);
      }
    }
  }
}
