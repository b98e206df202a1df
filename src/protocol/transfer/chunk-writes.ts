import type { Copy } from './block-matcher.ts';

/** A chunk that is whole and checked, for the receiver's disk. */
export interface ChunkWrite {
  readonly entry: number;
  readonly offset: number;
  /** Without the parts that `copies` are about; compressed where `isCompressed`. */
  readonly bytes: Uint8Array;
  /** Of the whole chunk, in bytes. */
  readonly length: number;
  /**
   * Parts of the chunk that did not travel. Where there are any, the sum is still to be checked, unless
   * all of it is zeros.
   */
  readonly copies: readonly Copy[];
  /** Whether the bytes are compressed (RFC 7932): the sum is still to be checked. */
  readonly isCompressed: boolean;
  /** XXH64 of the chunk. */
  readonly sum: bigint;
}

/** Chunks that are whole: those that are to be written, and those that are being written. */
export class ChunkWrites {
  readonly #ready: ChunkWrite[] = [];
  readonly #writing = new Map<string, ChunkWrite>();
  #files = 0;

  /** How many files there are of which the first chunk is not written yet. */
  get files(): number {
    return this.#files;
  }

  push(write: ChunkWrite): void {
    this.#ready.push(write);
    if (write.offset === 0) this.#files += 1;
  }

  /** The next chunk to write; its memory is lent until it is finished. */
  poll(): ChunkWrite | undefined {
    const write = this.#ready.shift();
    if (write !== undefined) this.#writing.set(writeKey(write.entry, write.offset), write);
    return write;
  }

  /** One or several consecutive chunks from `offset` on, `length` bytes in all, have been written: these. */
  *finish(entry: number, offset: number, length: number): Generator<ChunkWrite> {
    for (let done = 0; done < length; ) {
      const key = writeKey(entry, offset + done);
      const write = this.#writing.get(key);
      if (write === undefined) throw new Error(`unreachable: no write of ${key}`);
      this.#writing.delete(key);
      if (write.offset === 0) this.#files -= 1;
      done += write.length;
      yield write;
    }
  }
}

function writeKey(entry: number, offset: number): string {
  return `${entry}:${offset}`;
}
