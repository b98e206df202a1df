import type { Hasher } from '../../ports.ts';

/** Sums of one page. Pages are made as chunks come, so a huge declared size costs nothing. */
const PAGE_SUMS = 64;

/** What is known of a chunk. */
const UNKNOWN = 0;
const SUMMED = 1;
const HELD = 2;

/**
 * The XXH64 sums of one entry's chunks, which may become known in any order. Chunks that the
 * receiver holds already are known without a sum.
 */
export class ChunkSums {
  #count: number;
  /** Each page holds its sums in network order and then one byte per chunk: what is known. */
  readonly #pages = new Map<number, Uint8Array>();
  #known = 0;
  #summed = 0;
  #openPages = 0;
  #firstUnknown = 0;

  /** `count`: infinite while nobody knows how many there will be. */
  constructor(count: number) {
    this.#count = count;
  }

  /** Now it is known how many there are: at least as many as are known. */
  end(count: number): void {
    this.#count = count;
  }

  /** The highest chunk that is known, or -1. */
  get highest(): number {
    let highest = -1;
    for (const [index, page] of this.#pages) {
      const chunks = page.length / 9;
      const known = page.subarray(8 * chunks).findLastIndex((each) => each !== UNKNOWN);
      if (known !== -1) highest = Math.max(highest, index * PAGE_SUMS + known);
    }
    return highest;
  }

  /** The lowest chunk that is not known. */
  get firstUnknown(): number {
    while (this.has(this.#firstUnknown)) this.#firstUnknown += 1;
    return this.#firstUnknown;
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
    return page !== undefined && page[knownOffset(page, chunk)] !== UNKNOWN;
  }

  set(chunk: number, sum: bigint): void {
    const page = this.#mark(chunk, SUMMED);
    new DataView(page.buffer).setBigUint64(8 * (chunk % PAGE_SUMS), sum);
    this.#summed += 1;
  }

  /** Counts a chunk as known that does not travel. */
  hold(chunk: number): void {
    this.#mark(chunk, HELD);
  }

  /**
   * XXH64 over the sums of the chunks that travelled, eight bytes each in network order; only when
   * complete.
   */
  digest(hasher: Hasher): bigint {
    const sums = new Uint8Array(8 * this.#summed);
    let end = 0;
    for (const index of [...this.#pages.keys()].sort((a, b) => a - b)) {
      const page = this.#pages.get(index) as Uint8Array;
      const chunks = page.length / 9;
      for (let i = 0; i < chunks; i += 1) {
        if (page[8 * chunks + i] !== SUMMED) continue;
        sums.set(page.subarray(8 * i, 8 * i + 8), end);
        end += 8;
      }
    }
    return hasher.xxh64(sums);
  }

  #mark(chunk: number, known: number): Uint8Array {
    const page = this.#page(Math.floor(chunk / PAGE_SUMS));
    const at = knownOffset(page, chunk);
    if (page[at] !== UNKNOWN) throw new Error(`unreachable: chunk ${chunk} is known twice`);
    page[at] = known;
    this.#known += 1;
    if (!page.subarray((page.length / 9) * 8).includes(UNKNOWN)) this.#openPages -= 1;
    return page;
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
