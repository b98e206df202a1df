import { RangeSet } from '../wire/range-set.ts';
import { TRANSFER_LIMITS } from './limits.ts';

/** A chunk that is being put together from pieces in any order. */
export class IncomingChunk {
  readonly index: number;
  readonly length: number;
  /** What the sender says the chunk's XXH64 is. */
  sum: bigint | undefined;
  #bytes: Uint8Array | undefined;
  #filled = 0;
  readonly #received = new RangeSet();

  constructor(index: number, length: number) {
    this.index = index;
    this.length = length;
  }

  /** The memory of the chunk; given once the first piece comes. */
  get bytes(): Uint8Array | undefined {
    return this.#bytes;
  }

  /** Bytes received so far. */
  get filled(): number {
    return this.#filled;
  }

  get whole(): boolean {
    return this.#filled === this.length && this.sum !== undefined;
  }

  useMemory(bytes: Uint8Array): void {
    this.#bytes = bytes;
  }

  /** Copies a piece to its place; false when it overlaps another or there are too many islands. */
  add(offset: number, piece: Uint8Array): boolean {
    const end = offset + piece.length;
    if (this.#received.add(offset, end) !== piece.length) return false;
    this.#bytes?.set(piece, offset);
    this.#filled += piece.length;
    return this.#received.rangeCount <= TRANSFER_LIMITS.chunkIslands;
  }
}
