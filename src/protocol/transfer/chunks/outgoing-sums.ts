import type { Hasher } from '../../ports.ts';
import { ChunkSums } from './chunk-sums.ts';

/** The sums of the chunks that were sent, and what comes of them. */
export class OutgoingSums {
  readonly #hasher: Hasher;
  /** Of entries of which not all chunks are sent. */
  readonly #sums = new Map<number, ChunkSums>();
  /** XXH64 over the sums of the chunks that were sent, of each entry. */
  readonly digests: BigUint64Array;

  constructor(entries: number, hasher: Hasher) {
    this.#hasher = hasher;
    this.digests = new BigUint64Array(entries).fill(hasher.xxh64(new Uint8Array(0)));
  }

  /** Notes and yields the sum of a chunk; its entry has `count` chunks, as far as is known. */
  add(entry: number, chunk: number, sum: bigint, count: number): bigint {
    const sums = this.#sums.get(entry) ?? new ChunkSums(count);
    this.#sums.set(entry, sums);
    sums.set(chunk, sum);
    return sum;
  }

  /** All chunks of an entry are sent. */
  finish(entry: number): void {
    const sums = this.#sums.get(entry);
    if (sums === undefined) return;
    this.digests[entry] = sums.digest(this.#hasher);
    this.#sums.delete(entry);
  }
}
