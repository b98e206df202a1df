import { TRANSFER_LIMITS } from '../limits.ts';

/** Of a size beyond this that is not a full chunk there are too few to matter. */
const MAX_SMALL_BYTES = 64 * 1024;
const MIN_SMALL_BYTES = 1024;

/**
 * The memory of chunks: buffers of full ones are kept and used again, and so are those of small files,
 * each rounded up to a power of two. Making them anew would be most of the work that a small chunk is.
 */
export class ChunkMemory {
  readonly #chunkBytes: number;
  readonly #full: Uint8Array[] = [];
  /** By their size. */
  readonly #small = new Map<number, Uint8Array[]>();
  #smallBytes = 0;

  constructor(chunkBytes: number) {
    this.#chunkBytes = chunkBytes;
  }

  /** `length` bytes of anything. */
  take(length: number): Uint8Array {
    if (length === this.#chunkBytes) return this.#full.pop() ?? new Uint8Array(length);
    if (length > MAX_SMALL_BYTES) return new Uint8Array(length);
    const size = smallSize(length);
    const kept = this.#small.get(size)?.pop();
    if (kept !== undefined) this.#smallBytes -= size;
    const bytes = kept ?? new Uint8Array(size);
    return length === size ? bytes : bytes.subarray(0, length);
  }

  /** Takes back what nothing refers to any more. */
  giveBack(bytes: Uint8Array): void {
    const size = bytes.buffer.byteLength;
    if (bytes.length === this.#chunkBytes) {
      if (this.#full.length < TRANSFER_LIMITS.pooledBuffers) this.#full.push(bytes);
    } else if (bytes.length <= MAX_SMALL_BYTES && size === smallSize(bytes.length)) {
      this.#keep(bytes.length === size ? bytes : new Uint8Array(bytes.buffer));
    }
  }

  #keep(bytes: Uint8Array): void {
    if (this.#smallBytes + bytes.length > TRANSFER_LIMITS.pooledSmallBytes) return;
    this.#smallBytes += bytes.length;
    const kept = this.#small.get(bytes.length);
    if (kept === undefined) this.#small.set(bytes.length, [bytes]);
    else kept.push(bytes);
  }
}

function smallSize(length: number): number {
  return Math.max(MIN_SMALL_BYTES, 2 ** (32 - Math.clz32(Math.max(length, 1) - 1)));
}
