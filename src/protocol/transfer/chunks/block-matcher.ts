import type { Hasher } from '../../ports.ts';

/** A part of a chunk that need not travel. Offsets and lengths in bytes. */
export interface Copy {
  /** Within the chunk. */
  readonly start: number;
  readonly length: number;
  /** Where it is in the receiver's older file; `ZEROS` where it is nothing but zeros. */
  readonly from: number;
}

/** Of the table that says at once that there is no block of a sum. */
const FILTER_BITS = 20;

/**
 * A sum over some bytes that can be moved on byte by byte, after the idea of rsync: 16 bits of their
 * sum, and 16 bits of the sum of all their sums.
 */
export function rollingSum(bytes: Uint8Array, start: number, length: number): number {
  let [low, high] = [0, 0];
  for (let i = start; i < start + length; i += 1) {
    low += bytes[i] as number;
    high += low;
  }
  return ((high & 0xffff) << 16) | (low & 0xffff);
}

/** Finds the blocks of an older file, wherever they are in a newer one. */
export class BlockMatcher {
  readonly #blockBytes: number;
  readonly #weak: Uint32Array;
  readonly #strong: BigUint64Array;
  readonly #hasher: Hasher;
  readonly #filter = new Uint8Array(2 ** FILTER_BITS);
  /** The first block of each sum, and behind each block the next of the same sum. */
  readonly #first = new Map<number, number>();
  readonly #next: Int32Array;
  /** How many blocks of a chunk may still look like one and be none. */
  #lures = 0;

  constructor(blockBytes: number, weak: Uint32Array, strong: BigUint64Array, hasher: Hasher) {
    this.#blockBytes = blockBytes;
    this.#weak = weak;
    this.#strong = strong;
    this.#hasher = hasher;
    this.#next = new Int32Array(weak.length).fill(-1);
    for (let block = weak.length - 1; block >= 0; block -= 1) {
      const sum = weak[block] as number;
      this.#next[block] = this.#first.get(sum) ?? -1;
      this.#first.set(sum, block);
      this.#filter[slotOf(sum)] = 1;
    }
  }

  /** What of a chunk is in the older file, in order and without overlap; neighbours are one. */
  match(chunk: Uint8Array): Copy[] {
    const size = this.#blockBytes;
    const copies: Copy[] = [];
    this.#lures = MAX_LURES;
    let expected = -1;
    let at = 0;
    let sum = chunk.length >= size ? rollingSum(chunk, 0, size) : 0;
    while (at + size <= chunk.length) {
      const block = this.#find(sum, chunk, at, expected);
      if (block >= 0) {
        append(copies, { start: at, length: size, from: block * size });
        expected = block + 1;
        at += size;
        if (at + size <= chunk.length) sum = rollingSum(chunk, at, size);
      } else {
        sum = this.#roll(sum, chunk, at);
        at += 1;
      }
    }
    return copies;
  }

  #find(signed: number, chunk: Uint8Array, at: number, expected: number): number {
    const sum = signed >>> 0;
    if (this.#filter[slotOf(sum)] === 0) return -1;
    const first = this.#first.get(sum);
    if (first === undefined || this.#lures === 0) return -1;
    const strong = this.#hasher.xxh64(chunk.subarray(at, at + this.#blockBytes));
    // The one that follows the last one makes one long copy of both.
    if (this.#weak[expected] === sum && this.#strong[expected] === strong) return expected;
    let tries = MAX_TRIES;
    for (let block = first; block >= 0 && tries > 0; block = this.#next[block] as number) {
      if (this.#strong[block] === strong) return block;
      tries -= 1;
    }
    this.#lures -= 1;
    return -1;
  }

  #roll(sum: number, chunk: Uint8Array, at: number): number {
    const out = chunk[at] as number;
    const into = chunk[at + this.#blockBytes] ?? 0;
    const low = (sum - out + into) & 0xffff;
    const high = ((sum >>> 16) - this.#blockBytes * out + low) & 0xffff;
    return (high << 16) | low;
  }
}

/** Blocks of one rolling sum that are looked at: files can be made that have millions. */
const MAX_TRIES = 64;

/**
 * Blocks of a chunk that are hashed for nothing: who knows what is sent can tell of the sum at each of its
 * bytes, and a million hashes of 4 KiB would hold up everybody else.
 */
const MAX_LURES = 4096;

function slotOf(sum: number): number {
  return (sum ^ (sum >>> (32 - FILTER_BITS))) & (2 ** FILTER_BITS - 1);
}

function append(copies: Copy[], copy: Copy): void {
  const last = copies.at(-1);
  const continues =
    last !== undefined &&
    last.start + last.length === copy.start &&
    last.from + last.length === copy.from;
  if (continues) copies[copies.length - 1] = { ...last, length: last.length + copy.length };
  else copies.push(copy);
}
