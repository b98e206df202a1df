import type { Hasher } from '../protocol/ports.ts';
import type { HaveRange } from '../protocol/transfer/answer-message.ts';
import { chunkCount } from '../protocol/transfer/limits.ts';
import type { HeldRun, ReadJournal } from './journal.ts';

/** Chunks that are read again before they are believed: those written last, and some of the others. */
const LAST_BYTES = 256 * 2 ** 20;
const LAST_CHUNKS = 4096;
const SAMPLES = 64;

interface Held {
  readonly entry: number;
  readonly chunk: number;
  readonly sum: bigint;
}

/** The chunks of an offer that are on the disk from an earlier attempt, with their sums. */
export class HeldChunks {
  readonly #sizeOf: (entry: number) => number;
  readonly #chunkBytes: number;
  readonly #chunks = new Map<number, Map<number, bigint>>();
  /** In the order in which they were written. */
  readonly #order: Held[] = [];

  /** `sizeOf`: how long each file of the offer is; 0 for what is none, or not wanted. */
  constructor(sizeOf: (entry: number) => number, chunkBytes: number) {
    this.#sizeOf = sizeOf;
    this.#chunkBytes = chunkBytes;
  }

  /** Takes what a journal says about the same files, even if the offer is another. */
  add({ head, runs }: ReadJournal, keys: BigUint64Array): void {
    if (head.chunkBytes !== this.#chunkBytes) return;
    const indices = new Map<bigint, number>();
    for (const [index, key] of keys.entries()) indices.set(key, index);
    for (const { entry, first, sums } of runs) {
      const index = indices.get(head.keys[entry] ?? 0n);
      if (index === undefined) continue;
      for (const [i, sum] of sums.entries()) this.#set(index, first + i, sum);
    }
  }

  /** How many bytes of an entry there have to be for its chunks to be there. */
  bytesNeeded(entry: number): number {
    let last = -1;
    for (const chunk of this.#chunks.get(entry)?.keys() ?? []) last = Math.max(last, chunk);
    return last === -1 ? 0 : Math.min(this.#sizeOf(entry), (last + 1) * this.#chunkBytes);
  }

  /** What is held of an entry is not there. */
  drop(entry: number): void {
    this.#chunks.delete(entry);
  }

  get entries(): IterableIterator<number> {
    return this.#chunks.keys();
  }

  countOf(entry: number): number {
    return this.#chunks.get(entry)?.size ?? 0;
  }

  get bytes(): number {
    let bytes = 0;
    for (const [entry, chunks] of this.#chunks) {
      for (const chunk of chunks.keys()) bytes += this.#lengthOf(entry, chunk);
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
    const all = this.#order.filter(({ entry }) => this.#chunks.has(entry));
    let bytes = 0;
    let first = all.length;
    while (first > 0 && bytes < LAST_BYTES && all.length - first < LAST_CHUNKS) {
      first -= 1;
      bytes += this.#lengthOfHeld(all[first]);
    }
    const chosen = all.slice(first);
    for (let i = 0; i < SAMPLES && first > 0; i += 1) {
      chosen.push(all[Math.floor(random() * first)] as Held);
    }
    if (await this.#check(chosen, read, hasher)) return;
    await this.#check(all.slice(0, first), read, hasher);
  }

  /** In the order of entries and chunks. */
  runs(): HeldRun[] {
    const runs: { entry: number; first: number; sums: bigint[] }[] = [];
    for (const [entry, chunks] of sorted(this.#chunks)) {
      for (const [chunk, sum] of sorted(chunks)) {
        const last = runs.at(-1);
        if (last?.entry === entry && last.first + last.sums.length === chunk) last.sums.push(sum);
        else runs.push({ entry, first: chunk, sums: [sum] });
      }
    }
    return runs;
  }

  async #check(
    chosen: readonly Held[],
    read: (entry: number, offset: number, length: number) => Promise<Uint8Array>,
    hasher: Hasher,
  ): Promise<boolean> {
    let isGood = true;
    for (const held of chosen) {
      const { entry, chunk, sum } = held;
      const bytes = await read(entry, chunk * this.#chunkBytes, this.#lengthOfHeld(held));
      if (hasher.xxh64(bytes) === sum) continue;
      isGood = false;
      this.#chunks.get(entry)?.delete(chunk);
      if (this.countOf(entry) === 0) this.drop(entry);
    }
    return isGood;
  }

  #set(entry: number, chunk: number, sum: bigint): void {
    if (chunk >= chunkCount(this.#sizeOf(entry), this.#chunkBytes)) return;
    const chunks = this.#chunks.get(entry) ?? new Map<number, bigint>();
    this.#chunks.set(entry, chunks);
    chunks.set(chunk, sum);
    this.#order.push({ entry, chunk, sum });
  }

  #lengthOfHeld(held: Held | undefined): number {
    return held === undefined ? 0 : this.#lengthOf(held.entry, held.chunk);
  }

  #lengthOf(entry: number, chunk: number): number {
    return Math.min(this.#chunkBytes, this.#sizeOf(entry) - chunk * this.#chunkBytes);
  }
}

/** The same without the sums. */
export function rangesOf(runs: readonly HeldRun[]): HaveRange[] {
  return runs.map(({ entry, first, sums }) => ({ entry, first, count: sums.length }));
}

function sorted<T>(map: ReadonlyMap<number, T>): [number, T][] {
  return [...map].sort(([a], [b]) => a - b);
}
