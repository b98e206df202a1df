import type { Hasher } from '../../ports.ts';
import type { Copy } from './block-matcher.ts';

/** Stands for a place in an older file that has zeros everywhere. */
export const ZEROS = -1;
/** What it takes to say that there are zeros is more than so few of them. */
const FEWEST = 64;

/** Whether there is nothing but zeros, and enough of them. */
export function isZero(bytes: Uint8Array): boolean {
  if (bytes.length < FEWEST || bytes[0] !== 0 || bytes.byteOffset % 4 !== 0) return false;
  const words = new Uint32Array(bytes.buffer, bytes.byteOffset, bytes.length >>> 2);
  // By index: with an iterator the sender of a hole spent its time here.
  for (let i = 0; i < words.length; i += 1) if (words[i] !== 0) return false;
  for (let i = 4 * words.length; i < bytes.length; i += 1) if (bytes[i] !== 0) return false;
  return true;
}

/** Whether nothing of a chunk travelled, because all of it is zeros. */
export function isAllZeros(copies: readonly Copy[], length: number): boolean {
  const [copy] = copies;
  return copies.length === 1 && copy?.from === ZEROS && copy.length === length;
}

/** The sums of chunks of zeros; most of them are of one length. */
export class ZeroSums {
  readonly #hasher: Hasher;
  #length = 0;
  #sum: bigint;

  constructor(hasher: Hasher) {
    this.#hasher = hasher;
    this.#sum = hasher.xxh64(new Uint8Array(0));
  }

  /** XXH64 of so many zeros. */
  of(length: number): bigint {
    if (length === this.#length) return this.#sum;
    this.#length = length;
    this.#sum = this.#hasher.xxh64(new Uint8Array(length));
    return this.#sum;
  }
}
