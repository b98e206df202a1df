/**
 * The sums of chunks that are held, by entry and chunk. Of many files each has one, its first: those are
 * in one array, for a map to each takes thirty times the memory.
 */
export class HeldSums {
  readonly #count: number;
  readonly #firsts: BigUint64Array;
  readonly #hasFirst: Uint8Array;
  /** Of entries of which another chunk is held: all that are. */
  readonly #several = new Map<number, Map<number, bigint>>();

  /** For so many entries. */
  constructor(count: number) {
    this.#count = count;
    this.#firsts = new BigUint64Array(count);
    this.#hasFirst = new Uint8Array(count);
  }

  get(entry: number, chunk: number): bigint | undefined {
    const isFirst = chunk === 0 && this.#hasFirst[entry] === 1;
    return isFirst ? this.#firsts[entry] : this.#several.get(entry)?.get(chunk);
  }

  set(entry: number, chunk: number, sum: bigint): void {
    const several = this.#several.get(entry);
    if (several !== undefined) several.set(chunk, sum);
    else if (chunk === 0) {
      this.#hasFirst[entry] = 1;
      this.#firsts[entry] = sum;
    } else {
      this.#several.set(entry, new Map([...this.of(entry), [chunk, sum]]));
      this.#hasFirst[entry] = 0;
    }
  }

  delete(entry: number, chunk: number): void {
    if (chunk === 0) this.#hasFirst[entry] = 0;
    this.#several.get(entry)?.delete(chunk);
  }

  /** Deletes all chunks of an entry. */
  drop(entry: number): void {
    this.#hasFirst[entry] = 0;
    this.#several.delete(entry);
  }

  countOf(entry: number): number {
    return this.#hasFirst[entry] === 1 ? 1 : (this.#several.get(entry)?.size ?? 0);
  }

  /** The chunks of an entry and their sums, in no order. */
  of(entry: number): Iterable<readonly [chunk: number, sum: bigint]> {
    if (this.#hasFirst[entry] === 1) return [[0, this.#firsts[entry] as bigint]];
    return this.#several.get(entry) ?? [];
  }

  /** Entries of which something is held, in their order. */
  *entries(): IterableIterator<number> {
    for (let entry = 0; entry < this.#count; entry += 1) {
      if (this.countOf(entry) > 0) yield entry;
    }
  }
}
