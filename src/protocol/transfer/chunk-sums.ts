import type { Hasher } from '../ports.ts';

/** Sums of one page. Pages are made as chunks come, so a huge declared size costs nothing. */
const PAGE_SUMS = 64;

/** The XXH64 sums of one entry's chunks, which may become known in any order. */
export class ChunkSums {
  readonly #count: number;
  /** Each page holds its sums in network order and then one byte per sum that is known. */
  readonly #pages = new Map<number, Uint8Array>();
  #known = 0;
  #openPages = 0;

  constructor(count: number) {
    this.#count = count;
  }

  get complete(): boolean {
    return this.#known === this.#count;
  }

  /** Pages that are not full: chunks that come in order leave few of them. */
  get openPages(): number {
    return this.#openPages;
  }

  has(chunk: number): boolean {
    const page = this.#pages.get(Math.floor(chunk / PAGE_SUMS));
    return page !== undefined && page[knownOffset(page, chunk)] === 1;
  }

  set(chunk: number, sum: bigint): void {
    const page = this.#page(Math.floor(chunk / PAGE_SUMS));
    const known = knownOffset(page, chunk);
    if (page[known] === 1) throw new Error(`unreachable: two sums for chunk ${chunk}`);
    page[known] = 1;
    new DataView(page.buffer).setBigUint64(8 * (chunk % PAGE_SUMS), sum);
    this.#known += 1;
    if (!page.subarray((page.length / 9) * 8).includes(0)) this.#openPages -= 1;
  }

  /** XXH64 over all sums, eight bytes each in network order; only when complete. */
  digest(hasher: Hasher): bigint {
    const sums = new Uint8Array(8 * this.#count);
    for (const [index, page] of this.#pages) {
      sums.set(page.subarray(0, (page.length / 9) * 8), 8 * PAGE_SUMS * index);
    }
    return hasher.xxh64(sums);
  }

  #page(index: number): Uint8Array {
    const known = this.#pages.get(index);
    if (known !== undefined) return known;
    const page = new Uint8Array(9 * Math.min(PAGE_SUMS, this.#count - index * PAGE_SUMS));
    this.#pages.set(index, page);
    this.#openPages += 1;
    return page;
  }
}

function knownOffset(page: Uint8Array, chunk: number): number {
  return (page.length / 9) * 8 + (chunk % PAGE_SUMS);
}
