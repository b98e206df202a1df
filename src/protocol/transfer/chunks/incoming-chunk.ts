import type { Hasher } from '../../ports.ts';
import { RangeSet } from '../../wire/range-set.ts';
import { TRANSFER_LIMITS } from '../limits.ts';
import type { Copy } from './block-matcher.ts';
import { ChunkHash } from './chunk-hash.ts';

/** A chunk that is being put together from pieces in any order. */
export class IncomingChunk {
  readonly index: number;
  /** Shorter once a stream has ended in it, or the chunk is known to be short. */
  #length: number;
  /** Less than the length where it travels compressed. */
  #size: number;
  /** What the sender says the chunk's XXH64 is. */
  sum: bigint | undefined;
  /** Whether it travels together with others: then nothing comes of itself but the sum. */
  isGrouped = false;
  #isShort = false;
  #bytes: Uint8Array | undefined;
  #filled = 0;
  readonly #copies: Copy[] = [];
  readonly #received = new RangeSet();
  readonly #hash: ChunkHash;
  /** The bytes up to here are in the hash. */
  #hashed = 0;

  constructor(index: number, length: number, hasher: Hasher) {
    this.index = index;
    this.#length = length;
    this.#size = length;
    this.#hash = new ChunkHash(hasher);
  }

  /** The memory of the chunk; given once the first piece comes. */
  get bytes(): Uint8Array | undefined {
    return this.#bytes;
  }

  /** Of the bytes that it is in its entry. */
  get length(): number {
    return this.#length;
  }

  /** Of the bytes that come, in memory. */
  get size(): number {
    return this.#size;
  }

  get isCompressed(): boolean {
    return this.#size < this.#length;
  }

  /** Whether its stream goes on behind it though it is not full. */
  get isShort(): boolean {
    return this.#isShort;
  }

  /** It is the last of a stream, and so long; false when more has come already. */
  end(length: number): boolean {
    // The end of a stream travels as it is: nobody could tell how much of it there is.
    if (this.isCompressed) return length === this.#length;
    this.#length = length;
    return this.#cut(length);
  }

  /** It is short, and travels in `size` bytes; false where that cannot be. */
  shorten(length: number, size: number): boolean {
    const isPossible = length > 0 && length < this.#length && size > 0 && size <= length;
    if (!isPossible || this.isCompressed || this.isGrouped) return false;
    if (size < length && this.#copies.length > 0) return false;
    this.#length = length;
    this.#isShort = true;
    return this.#cut(size);
  }

  /** It travels compressed, and so long; false where that cannot be. */
  compress(size: number): boolean {
    const isPossible = size > 0 && size < this.#size && this.#copies.length === 0;
    if (this.isCompressed || this.isGrouped) return false;
    return isPossible && this.#cut(size);
  }

  #cut(size: number): boolean {
    const { rangeCount } = this.#received;
    if (rangeCount > 0 && this.#received.end(rangeCount - 1) > size) return false;
    this.#size = size;
    // Copied: many may wait for the disk, and a sender gives credit for what has come only.
    this.#bytes = this.#bytes?.slice(0, size);
    return true;
  }

  /** What of it is in the older file; those bytes are not in the memory of the chunk. */
  get copies(): readonly Copy[] {
    return this.#copies;
  }

  /** Notes what is in the older file; false when it overlaps what has come, or is too many pieces. */
  addCopy(copy: Copy): boolean {
    const { start, length } = copy;
    if (this.isCompressed || this.isGrouped) return false;
    if (this.#received.add(start, start + length) !== length) return false;
    this.#copies.push(copy);
    this.#filled += length;
    return this.#copies.length + this.#received.rangeCount <= TRANSFER_LIMITS.chunkIslands;
  }

  /**
   * What has come, without the gaps of the copies: a sender gives credit for that much only, and so
   * many chunks may wait.
   */
  packed(): Uint8Array {
    const copied = this.#copies.reduce((sum, { length }) => sum + length, 0);
    const packed = new Uint8Array(this.#length - copied);
    let [at, end] = [0, 0];
    for (const { start, length } of [...this.#copies].sort((a, b) => a.start - b.start)) {
      if (start > at) packed.set(this.#bytes?.subarray(at, start) ?? [], end);
      end += start - at;
      at = start + length;
    }
    if (at < this.#length) packed.set(this.#bytes?.subarray(at, this.#length) ?? [], end);
    return packed;
  }

  /** Whether nothing is known of it yet but its sum. */
  get isUntouched(): boolean {
    return this.#filled === 0 && !this.isCompressed && !this.isGrouped;
  }

  get whole(): boolean {
    return this.#filled === this.#size && this.sum !== undefined;
  }

  useMemory(bytes: Uint8Array): void {
    this.#bytes = bytes;
  }

  /** Copies a piece to its place; false when it overlaps another or there are too many islands. */
  add(offset: number, piece: Uint8Array): boolean {
    const end = offset + piece.length;
    if (this.#received.add(offset, end) !== piece.length) return false;
    this.#bytes?.set(piece, offset);
    // Mostly pieces come in order: then they are hashed while the processor still has them at hand.
    if (offset === this.#hashed && !this.isCompressed) this.#update(piece);
    this.#filled += piece.length;
    return this.#received.rangeCount <= TRANSFER_LIMITS.chunkIslands;
  }

  /** Whether what came is what the sender says it is; for a chunk that is whole. */
  matchesSum(): boolean {
    if (this.#bytes !== undefined && this.#hashed < this.#length) {
      this.#update(this.#bytes.subarray(this.#hashed, this.#length));
    }
    return this.#hash.digest() === this.sum;
  }

  #update(piece: Uint8Array): void {
    this.#hash.update(piece, piece.length === this.#length);
    this.#hashed += piece.length;
  }
}
