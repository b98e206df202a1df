import { TRANSFER_LIMITS } from './limits.ts';

/** The memory of chunks. Buffers of full chunks are kept and used again; others are too few to matter. */
export class ChunkMemory {
  readonly #chunkBytes: number;
  readonly #free: Uint8Array[] = [];

  constructor(chunkBytes: number) {
    this.#chunkBytes = chunkBytes;
  }

  take(length: number): Uint8Array {
    const free = length === this.#chunkBytes ? this.#free.pop() : undefined;
    return free ?? new Uint8Array(length);
  }

  giveBack(bytes: Uint8Array): void {
    if (bytes.length !== this.#chunkBytes) return;
    if (this.#free.length < TRANSFER_LIMITS.pooledBuffers) this.#free.push(bytes);
  }
}
