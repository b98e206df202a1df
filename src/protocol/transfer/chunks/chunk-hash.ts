import type { Hasher, RunningHash } from '../../ports.ts';

/**
 * XXH64 of a chunk that comes piece by piece. One that is a single piece, as of a small file, needs no
 * state.
 */
export class ChunkHash {
  readonly #hasher: Hasher;
  #running: RunningHash | undefined;
  #whole: bigint | undefined;

  constructor(hasher: Hasher) {
    this.#hasher = hasher;
  }

  /** `isAll`: nothing came before this piece, and nothing comes after it. */
  update(piece: Uint8Array, isAll: boolean): void {
    if (isAll) {
      this.#whole = this.#hasher.xxh64(piece);
      return;
    }
    this.#running ??= this.#hasher.begin();
    this.#running.update(piece);
  }

  /** Of all pieces so far. */
  digest(): bigint {
    return this.#whole ?? (this.#running ?? this.#hasher.begin()).digest();
  }
}
