import type { Hasher } from '../../protocol/ports.ts';
import { chunkCount } from '../../protocol/transfer/limits.ts';
import type { HaveRange } from '../../protocol/transfer/messages/answer-message.ts';
import { HeldSums } from './held-sums.ts';
import type { HeldRun, ReadJournal } from './journal.ts';

/** Chunks that are read again before they are believed: those written last, and some of the others. */
const LAST_BYTES = 256 * 2 ** 20;
const LAST_CHUNKS = 4096;
const SAMPLES = 64;

/** The chunks of an offer that are on the disk from an earlier attempt, with their sums. */
export class HeldChunks {
  readonly #sizeOf: (entry: number) => number;
  readonly #chunkBytes: number;
  #sums = new HeldSums(0);
  /** Entries and chunks in the order in which they were written; there may be a million. */
  readonly #order: { readonly entries: number[]; readonly chunks: number[] } = {
    entries: [],
    chunks: [],
  };

  /** `sizeOf`: how long each file of the offer is; 0 for what is none, or not wanted. */
  constructor(sizeOf: (entry: number) => number, chunkBytes: number) {
    this.#sizeOf = sizeOf;
    this.#chunkBytes = chunkBytes;
  }

  /** Takes what a journal says about the same files, even if the offer is another. `keys`: of the offer. */
  add({ head, runs }: ReadJournal, keys: BigUint64Array): void {
    if (head.chunkBytes !== this.#chunkBytes) return;
    this.#sums = new HeldSums(keys.length);
    const indexOf = finder(keys);
    for (const { entry, first, sums } of runs) {
      const key = head.keys[entry];
      const index = key === undefined ? undefined : indexOf(key, entry);
      if (index === undefined) continue;
      for (const [i, sum] of sums.entries()) this.#set(index, first + i, sum);
    }
  }

  /** How many bytes of an entry there have to be for its chunks to be there. */
  bytesNeeded(entry: number): number {
    let last = -1;
    for (const [chunk] of this.#sums.of(entry)) last = Math.max(last, chunk);
    return last === -1 ? 0 : Math.min(this.#sizeOf(entry), (last + 1) * this.#chunkBytes);
  }

  /** What is held of an entry is not there. */
  drop(entry: number): void {
    this.#sums.drop(entry);
  }

  /** Those of which anything is held, in their order. */
  get entries(): IterableIterator<number> {
    return this.#sums.entries();
  }

  countOf(entry: number): number {
    return this.#sums.countOf(entry);
  }

  get bytes(): number {
    let bytes = 0;
    for (const entry of this.entries) {
      for (const [chunk] of this.#sums.of(entry)) bytes += this.#lengthOf(entry, chunk);
    }
    return bytes;
  }

  /**
   * Reads chunks again: the last ones, and some of the others; all of them if any of those is not
   * what it was. What is not is not held any more. `read` yields the bytes that there are.
   */
  async verify(
    read: (entry: number, offset: number, length: number) => Promise<Uint8Array>,
    hasher: Hasher,
    random: () => number,
  ): Promise<void> {
    const chosen: number[] = [];
    let bytes = 0;
    let first = this.#order.entries.length;
    while (first > 0 && bytes < LAST_BYTES && chosen.length < LAST_CHUNKS) {
      first -= 1;
      const { entry, chunk, sum } = this.#written(first);
      if (sum === undefined) continue;
      bytes += this.#lengthOf(entry, chunk);
      chosen.push(first);
    }
    chosen.reverse();
    for (let i = 0; i < SAMPLES && first > 0; i += 1) chosen.push(Math.floor(random() * first));
    if (await this.#check(chosen, read, hasher)) return;
    await this.#check(Array(first).keys(), read, hasher);
  }

  /** In the order of entries and chunks. */
  get runs(): Iterable<HeldRun> {
    return { [Symbol.iterator]: () => this.#eachRun() };
  }

  *#eachRun(): Generator<HeldRun> {
    for (const entry of this.entries) {
      let run: { entry: number; first: number; sums: bigint[] } | undefined;
      for (const [chunk, sum] of [...this.#sums.of(entry)].sort(([a], [b]) => a - b)) {
        if (run !== undefined && run.first + run.sums.length === chunk) run.sums.push(sum);
        else {
          if (run !== undefined) yield run;
          run = { entry, first: chunk, sums: [sum] };
        }
      }
      if (run !== undefined) yield run;
    }
  }

  /** The same without the sums. */
  get ranges(): Iterable<HaveRange> {
    const { runs } = this;
    return {
      *[Symbol.iterator]() {
        for (const { entry, first, sums } of runs) yield { entry, first, count: sums.length };
      },
    };
  }

  /** `positions`: in the order of writing. What is not held any more is not looked at. */
  async #check(
    positions: Iterable<number>,
    read: (entry: number, offset: number, length: number) => Promise<Uint8Array>,
    hasher: Hasher,
  ): Promise<boolean> {
    let isGood = true;
    for (const position of positions) {
      const { entry, chunk, sum } = this.#written(position);
      if (sum === undefined) continue;
      const length = this.#lengthOf(entry, chunk);
      const bytes = await read(entry, chunk * this.#chunkBytes, length);
      if (hasher.xxh64(bytes) === sum) continue;
      isGood = false;
      this.#sums.delete(entry, chunk);
    }
    return isGood;
  }

  #written(position: number): { entry: number; chunk: number; sum: bigint | undefined } {
    const entry = this.#order.entries[position] as number;
    const chunk = this.#order.chunks[position] as number;
    return { entry, chunk, sum: this.#sums.get(entry, chunk) };
  }

  #set(entry: number, chunk: number, sum: bigint): void {
    if (chunk >= chunkCount(this.#sizeOf(entry), this.#chunkBytes)) return;
    this.#sums.set(entry, chunk, sum);
    this.#order.entries.push(entry);
    this.#order.chunks.push(chunk);
  }

  #lengthOf(entry: number, chunk: number): number {
    return Math.min(this.#chunkBytes, this.#sizeOf(entry) - chunk * this.#chunkBytes);
  }
}

/** Finds which entry has a key; most have the index that they had in the offer before. */
function finder(keys: BigUint64Array): (key: bigint, before: number) => number | undefined {
  let indices: Map<bigint, number> | undefined;
  return (key, before) => {
    if (keys[before] === key) return before;
    if (indices === undefined) {
      indices = new Map();
      for (const [index, each] of keys.entries()) indices.set(each, index);
    }
    return indices.get(key);
  };
}
