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
  /** Whether the bytes are compressed (RFC 7932 or 8878): the sum is still to be checked. */
  readonly isCompressed: boolean;
  /** XXH64 of the chunk. */
  readonly sum: bigint;
}

/** The same with what those who write it need not know. */
export interface ReadyChunk extends ChunkWrite {
  /** Whether its stream goes on behind it though it is not full. */
  readonly isShort: boolean;
}

/** A file of one chunk that came in a group. */
export interface GroupedFile {
  readonly entry: number;
  /** In bytes. */
  readonly length: number;
  /** XXH64 of the file, still to be checked. */
  readonly sum: bigint;
}

/** Small files that came together, for the receiver's disk; each is reported by itself when it is written. */
export interface GroupWrite {
  readonly files: readonly GroupedFile[];
  /** The files one after the other, compressed (RFC 7932 or 8878). */
  readonly bytes: Uint8Array;
}

/** Memory that is lent to whoever writes, until so many files or chunks are written. */
interface Loan {
  readonly bytes: Uint8Array;
  left: number;
}

interface Writing {
  readonly offset: number;
  readonly length: number;
  readonly isShort: boolean;
  readonly loan: Loan;
}

/** Chunks that are whole: those that are to be written, and those that are being written. */
export class ChunkWrites {
  readonly #ready: (ReadyChunk | GroupWrite)[] = [];
  readonly #writing = new Map<string, Writing>();
  #files = 0;
  #short = 0;

  /** How many files there are of which the first chunk is not written yet. */
  get files(): number {
    return this.#files;
  }

  /** How many short chunks of streams are not written yet. */
  get short(): number {
    return this.#short;
  }

  push(write: ReadyChunk): void {
    this.#ready.push(write);
    if (write.offset === 0) this.#files += 1;
    if (write.isShort) this.#short += 1;
  }

  pushGroup(write: GroupWrite): void {
    this.#ready.push(write);
    this.#files += write.files.length;
  }

  /** The next to write; its memory is lent until it is finished. */
  poll(): ChunkWrite | GroupWrite | undefined {
    const write = this.#ready.shift();
    if (write === undefined) return undefined;
    if ('files' in write) {
      const loan = { bytes: write.bytes, left: write.files.length };
      for (const { entry, length } of write.files) {
        this.#begin(entry, { offset: 0, length, isShort: false, loan });
      }
    } else {
      const { entry, offset, length, isShort, bytes } = write;
      this.#begin(entry, { offset, length, isShort, loan: { bytes, left: 1 } });
    }
    return write;
  }

  /**
   * One or several consecutive chunks from `offset` on, `length` bytes in all, have been written: yields
   * the memory that nobody uses any more.
   */
  *finish(entry: number, offset: number, length: number): Generator<Uint8Array> {
    for (let done = 0; done < length; ) {
      const key = writeKey(entry, offset + done);
      const write = this.#writing.get(key);
      if (write === undefined) throw new Error(`unreachable: no write of ${key}`);
      this.#writing.delete(key);
      if (write.offset === 0) this.#files -= 1;
      if (write.isShort) this.#short -= 1;
      done += write.length;
      write.loan.left -= 1;
      if (write.loan.left === 0) yield write.loan.bytes;
    }
  }

  #begin(entry: number, writing: Writing): void {
    this.#writing.set(writeKey(entry, writing.offset), writing);
  }
}

function writeKey(entry: number, offset: number): string {
  return `${entry}:${offset}`;
}
