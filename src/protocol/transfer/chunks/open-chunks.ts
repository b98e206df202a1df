import type { Hasher } from '../../ports.ts';
import type { Offer } from '../entries/entry.ts';
import { EntryLengths } from '../entries/entry-lengths.ts';
import { chunkCount, MAX_CHUNK_LOG, TRANSFER_LIMITS } from '../limits.ts';
import { ChunkSums } from './chunk-sums.ts';
import { IncomingChunk } from './incoming-chunk.ts';
import type { GroupedChunk } from './incoming-group.ts';

/** An entry of which some chunks, but not all, are whole. */
interface ActiveEntry {
  readonly open: Map<number, IncomingChunk>;
  readonly sums: ChunkSums;
}

/**
 * The chunks of an offer that are begun and not whole, bounded by `limits.openBytes` together with what
 * is known of their entries, and the sums of those that are whole.
 */
export class OpenChunks {
  readonly #chunkBytes: number;
  readonly #hasher: Hasher;
  readonly #active = new Map<number, ActiveEntry>();
  /** Digest of every entry whose chunks are all whole. */
  readonly #digests: BigUint64Array;
  readonly #whole: Uint8Array;
  readonly #lengths: EntryLengths;
  #bytes = 0;

  constructor(offer: Offer, chunkBytes: number, hasher: Hasher) {
    this.#chunkBytes = chunkBytes;
    this.#hasher = hasher;
    const ofNothing = hasher.xxh64(new Uint8Array(0));
    this.#digests = new BigUint64Array(offer.entries.length).fill(ofNothing);
    this.#whole = new Uint8Array(offer.entries.length);
    this.#lengths = new EntryLengths(offer, chunkBytes);
    for (let index = 0; index < offer.entries.length; index += 1) {
      if (this.sizeOf(index) === 0) this.#whole[index] = 1;
    }
  }

  /** Bytes of all that comes or is held; infinite until each stream has come to its end. */
  get total(): number {
    return this.#lengths.total;
  }

  /** Files that the sender leaves out. */
  get omitted(): number[] {
    return this.#lengths.omitted;
  }

  /** How long an entry is; a stream that has not come to its end is endless. */
  sizeOf(entry: number): number {
    return this.#lengths.of(entry);
  }

  /** How long a chunk of it is, if there is one of that number. */
  lengthOf(entry: number, index: number): number {
    return Math.min(this.#chunkBytes, this.sizeOf(entry) - index * this.#chunkBytes);
  }

  /** XXH64 over the chunk sums of an entry that is whole. */
  digest(entry: number): bigint {
    return this.#digests[entry] as bigint;
  }

  /** The open chunk, made if need be; `undefined` when it is whole already or too many are open. */
  open(entry: number, index: number): IncomingChunk | undefined {
    if (this.#whole[entry] === 1) return undefined;
    const active = this.#activate(entry);
    if (active.sums.has(index)) return undefined;
    const known = active.open.get(index);
    if (known !== undefined) return known;
    const chunk = new IncomingChunk(index, this.lengthOf(entry, index), this.#hasher);
    this.#bytes += openCost(chunk);
    if (this.#bytes > TRANSFER_LIMITS.openBytes) return undefined;
    active.open.set(index, chunk);
    return chunk;
  }

  /** The same of any number, which need not be that of a chunk. */
  openNumbered(entry: number, index: number): IncomingChunk | undefined {
    const count = chunkCount(this.sizeOf(entry), this.#chunkBytes);
    return index < count && index <= MAX_CHUNK ? this.open(entry, index) : undefined;
  }

  /**
   * All that travel of `count` entries from one on, which have to be files of a chunk at most together
   * and of which nothing has come; `undefined` when they are not, or too many chunks are open.
   */
  openFiles(first: number, count: number): GroupedChunk[] | undefined {
    if (first > this.#whole.length - count) return undefined;
    const files: GroupedChunk[] = [];
    let length = 0;
    for (let entry = first; entry < first + count; entry += 1) {
      if (this.#whole[entry] === 1) continue;
      length += this.sizeOf(entry);
      if (length > this.#chunkBytes) return undefined;
      const chunk = this.open(entry, 0);
      if (!chunk?.isUntouched) return undefined;
      files.push({ entry, chunk });
    }
    return files;
  }

  /** Less of a chunk is to come than it seemed; false of `cut`, and of this: more has come already. */
  shorten(chunk: IncomingChunk, cut: () => boolean): boolean {
    this.#bytes -= openCost(chunk);
    const fits = cut();
    this.#bytes += openCost(chunk);
    return fits;
  }

  /** A chunk of a stream lacks so many bytes; false where that cannot be, or too many before it are missing. */
  lack(entry: number, index: number, bytes: number): boolean {
    const ahead = index - this.#activate(entry).sums.firstUnknown;
    return ahead <= TRANSFER_LIMITS.shortAhead && this.#lengths.shorten(entry, bytes);
  }

  /** A chunk is whole, and open no more; yields its sum. */
  close(entry: number, chunk: IncomingChunk): bigint {
    const sum = chunk.sum as bigint;
    this.#activate(entry).open.delete(chunk.index);
    this.#bytes -= openCost(chunk);
    this.#note(entry, (sums) => sums.set(chunk.index, sum));
    return sum;
  }

  /** An entry does not travel. */
  skip(entry: number): void {
    this.#whole[entry] = 1;
    this.#lengths.forget(entry);
  }

  /** A chunk does not travel. */
  hold(entry: number, index: number): void {
    this.#note(entry, (sums) => sums.hold(index));
  }

  /**
   * A stream has come to its end, or a file that is left out to what has been read of it: yields the last
   * chunk where it is open, or what is wrong with that.
   */
  end(entry: number, size: number): IncomingChunk | string | undefined {
    if (this.#whole[entry] === 1 || !this.#lengths.end(entry, size)) return 'end of what has none';
    const { open, sums } = this.#activate(entry);
    const count = chunkCount(size, this.#chunkBytes);
    const highest = Math.max(sums.highest, ...open.keys());
    if (highest >= count) return 'data behind the end';
    sums.end(count);
    const last = open.get(count - 1);
    const isFull = sums.has(count - 1) || last?.isShort === true;
    // A chunk that is whole already was as long as any, or lacks the rest.
    if (isFull && size % this.#chunkBytes !== 0) return 'data behind the end';
    if (last !== undefined) return last;
    if (sums.complete) this.#finish(entry, sums);
    return undefined;
  }

  /** Notes what is known of a chunk, and with the last one the digest of its entry. */
  #note(entry: number, change: (sums: ChunkSums) => void): void {
    const { sums } = this.#activate(entry);
    const openPages = sums.openPages;
    change(sums);
    this.#bytes += (sums.openPages - openPages) * TRANSFER_LIMITS.openFloorBytes;
    if (sums.complete) this.#finish(entry, sums);
  }

  #finish(entry: number, sums: ChunkSums): void {
    this.#bytes -= (1 + sums.openPages) * TRANSFER_LIMITS.openFloorBytes;
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
    this.#bytes += TRANSFER_LIMITS.openFloorBytes;
    return active;
  }
}

/** Beyond it, an offset would be no safe integer. */
const MAX_CHUNK = Number.MAX_SAFE_INTEGER / 2 ** MAX_CHUNK_LOG;

function openCost(chunk: IncomingChunk): number {
  return Math.max(chunk.size, TRANSFER_LIMITS.openFloorBytes);
}
