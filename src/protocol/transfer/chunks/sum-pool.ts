const PAGE_LOG = 12;
const PAGE_SUMS = 2 ** PAGE_LOG;

/**
 * The sums of many files one after another, eight bytes each: for the one sum of a small file an array of
 * its own would be 200.
 */
export class SumPool {
  readonly #pages: BigUint64Array[] = [];
  #length = 0;

  get length(): number {
    return this.#length;
  }

  push(sum: bigint): void {
    const row = this.#length % PAGE_SUMS;
    if (row === 0) this.#pages.push(new BigUint64Array(PAGE_SUMS));
    (this.#pages[this.#length >>> PAGE_LOG] as BigUint64Array)[row] = sum;
    this.#length += 1;
  }

  at(index: number): bigint | undefined {
    return this.#pages[index >>> PAGE_LOG]?.[index % PAGE_SUMS];
  }

  /** So many from one on, all of which are there. */
  slice(first: number, count: number): BigUint64Array {
    return BigUint64Array.from({ length: count }, (_, index) => this.at(first + index) as bigint);
  }
}
