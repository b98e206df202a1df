/** Buffers of one size that are used again and again, so that the hot path allocates none. */
export class BufferPool {
  readonly #size: number;
  readonly #limit: number;
  readonly #free: Uint8Array[] = [];

  /** Keeps at most `limit` idle buffers of `size` bytes; more are left to the garbage collector. */
  constructor(size: number, limit: number) {
    this.#size = size;
    this.#limit = limit;
  }

  take(): Uint8Array {
    return this.#free.pop() ?? new Uint8Array(this.#size);
  }

  give(buffer: Uint8Array): void {
    if (this.#free.length < this.#limit) this.#free.push(buffer);
  }
}
