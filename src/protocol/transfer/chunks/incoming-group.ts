import { RangeSet } from '../../wire/range-set.ts';
import { TRANSFER_LIMITS } from '../limits.ts';
import type { GroupFrame } from '../messages/frame.ts';
import type { IncomingChunk } from './incoming-chunk.ts';

/** A file of a group: all of it is one chunk. */
export interface GroupedChunk {
  readonly entry: number;
  readonly chunk: IncomingChunk;
}

/** Small files that travel compressed together, being put together from pieces in any order. */
export class IncomingGroup {
  /** The files, in order. */
  readonly files: readonly GroupedChunk[];
  /** What travels of them all. */
  readonly bytes: Uint8Array;
  readonly #count: number;
  readonly #received = new RangeSet();
  #filled = 0;

  /** `count`: how many entries they are among; `bytes`: memory for what travels. */
  constructor(count: number, files: readonly GroupedChunk[], bytes: Uint8Array) {
    this.#count = count;
    this.files = files;
    this.bytes = bytes;
    for (const { chunk } of files) chunk.isGrouped = true;
  }

  get whole(): boolean {
    const isFilled = this.#filled === this.bytes.length;
    return isFilled && this.files.every(({ chunk }) => chunk.sum !== undefined);
  }

  /** Whether a frame with these numbers is one of this group. */
  matches({ entry, count, size }: Omit<GroupFrame, 'kind' | 'offset' | 'bytes'>): boolean {
    const isSame = this.files[0]?.entry === entry && this.#count === count;
    return isSame && this.bytes.length === size;
  }

  /** Copies a piece to its place; false when it overlaps another or there are too many islands. */
  add(offset: number, piece: Uint8Array): boolean {
    if (this.#received.add(offset, offset + piece.length) !== piece.length) return false;
    this.bytes.set(piece, offset);
    this.#filled += piece.length;
    return this.#received.rangeCount <= TRANSFER_LIMITS.chunkIslands;
  }
}
