import type { Random } from '../../src/protocol/ports.ts';

/**
 * A repeatable stream of pseudo-random numbers (xoshiro128**, Blackman and Vigna 2018). Good enough
 * for networks and for ports in simulations, never for secrets.
 */
export class SeededRandom implements Random {
  readonly seed: number;
  #a: number;
  #b: number;
  #c: number;
  #d: number;

  /** `seed` is taken modulo 2^32; equal seeds give equal streams. */
  constructor(seed: number) {
    this.seed = seed >>> 0;
    // The state must not be all zeros, and neighbouring seeds must not give neighbouring streams.
    this.#a = mix(this.seed + 0x9e3779b9);
    this.#b = mix(this.#a + 0x9e3779b9);
    this.#c = mix(this.#b + 0x9e3779b9);
    this.#d = mix(this.#c + 0x9e3779b9) | 1;
  }

  /**
   * A stream of its own, which depends on the seed and the label alone: how much was drawn from
   * this one or from other forks changes nothing in it.
   */
  fork(label: string): SeededRandom {
    let hash = this.seed ^ 0x811c9dc5;
    for (let i = 0; i < label.length; i += 1) {
      hash = Math.imul(hash ^ label.charCodeAt(i), 0x01000193);
    }
    return new SeededRandom(mix(hash));
  }

  /** A uniform number in [0, 1) with 53 random bits. */
  uniform(): number {
    return this.#bits53() / 2 ** 53;
  }

  /** True with probability `probability`. */
  chance(probability: number): boolean {
    return this.#next() >>> 0 < probability * 2 ** 32;
  }

  integer(below: number): number {
    if (!Number.isInteger(below) || below < 1 || below > 2 ** 47) {
      throw new Error(`unreachable: no integer in [0, ${below})`);
    }
    // Numbers past the last whole multiple would favour the small results.
    const limit = 2 ** 53 - (2 ** 53 % below);
    let value = this.#bits53();
    while (value >= limit) value = this.#bits53();
    return value % below;
  }

  bytes(length: number): Uint8Array {
    const bytes = new Uint8Array(length);
    for (let i = 0; i < length; i += 4) {
      const word = this.#next();
      bytes[i] = word;
      bytes[i + 1] = word >>> 8;
      bytes[i + 2] = word >>> 16;
      bytes[i + 3] = word >>> 24;
    }
    return bytes;
  }

  #bits53(): number {
    const high = this.#next() >>> 11;
    return high * 2 ** 32 + (this.#next() >>> 0);
  }

  #next(): number {
    const result = Math.imul(rotate(Math.imul(this.#b, 5), 7), 9);
    const shifted = this.#b << 9;
    this.#c ^= this.#a;
    this.#d ^= this.#b;
    this.#b ^= this.#c;
    this.#a ^= this.#d;
    this.#c ^= shifted;
    this.#d = rotate(this.#d, 11);
    return result;
  }
}

function rotate(word: number, by: number): number {
  return (word << by) | (word >>> (32 - by));
}

// The finaliser of MurmurHash3: every bit of the input changes half of the output.
function mix(word: number): number {
  let hash = word | 0;
  hash = Math.imul(hash ^ (hash >>> 16), 0x85ebca6b);
  hash = Math.imul(hash ^ (hash >>> 13), 0xc2b2ae35);
  return hash ^ (hash >>> 16);
}
