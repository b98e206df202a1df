/** A copy that is the sender's until `release`. */
export interface BatchCopy {
  readonly payload: Uint8Array;
  readonly release?: () => void;
}

/** More than any UDP payload, so that one size fits every batch. */
const BUFFER_BYTES = 65_536;
/** Up to here an allocation is cheaper than keeping a big buffer busy. */
const SMALL_BYTES = 4096;

/** Copies batches into buffers that are used again, so that relaying makes no garbage. */
export class BatchPool {
  readonly #limit: number;
  readonly #free: Uint8Array[] = [];
  #made = 0;

  constructor(limit: number) {
    this.#limit = limit;
  }

  copy(batch: Uint8Array): BatchCopy {
    const buffer = batch.length > SMALL_BYTES ? this.#take() : undefined;
    // All lent out, or lost by a driver that forgot to release: garbage is the lesser evil.
    if (!buffer) return { payload: batch.slice() };
    buffer.set(batch);
    return {
      payload: buffer.subarray(0, batch.length),
      release: () => {
        this.#free.push(buffer);
      },
    };
  }

  #take(): Uint8Array | undefined {
    const buffer = this.#free.pop();
    if (buffer || this.#made >= this.#limit) return buffer;
    this.#made += 1;
    return new Uint8Array(BUFFER_BYTES);
  }
}
