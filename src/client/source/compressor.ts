import { compress, compressNow } from '../../io/compression/brotli.ts';

/** Qualities of Brotli, the best first, and what a byte is taken to cost before that is measured. */
const QUALITIES = [
  { quality: 5, usualMsPerByte: 5e-5 },
  { quality: 1, usualMsPerByte: 1e-5 },
];
/** What a call costs beside its bytes: another thread, and memory for tables. */
const CALL_MS = 2;
/**
 * Of the time after which a chunk would have left as it is, this may be used. With half of it links of
 * 1 Gbit/s are 7 % slower on two cores, with a quarter those of 200 Mbit/s carry a fifth less.
 */
const SHARE = 0.35;
/** Below it a call costs more than it can save. */
const FEWEST_BYTES = 512;
/** What a sample says of a larger chunk is worth the wait. */
const SAMPLE_BYTES = 16 * 1024;
const SAMPLE_PIECES = 4;
/** A tenth less, or the receiver decompresses for nothing. */
const WORTHWHILE = 0.9;
/** How much a new measurement of the cost counts. */
const NEWS = 0.25;
/** How much of a cost is forgotten with each chunk that is not compressed so well because of it. */
const FORGETTING = 1 / 32;

/**
 * Compresses chunks as well as there is time for while the network is at work: where that is faster,
 * as over loopback, nothing is compressed.
 */
export class Compressor {
  readonly #costs = QUALITIES.map((each) => ({ ...each, msPerByte: each.usualMsPerByte }));
  /** What those are going to take that are being compressed. */
  #busyMs = 0;
  readonly #compress: typeof compress;
  readonly #now: () => number;

  /** `now`: milliseconds of a clock that is never put back. */
  constructor(now: () => number, how = compress) {
    this.#now = now;
    this.#compress = how;
  }

  /**
   * Begins to compress the pieces together, where that takes less than a part of `waitMs`: when they would
   * have left as they are. Resolves with `undefined` where it was not worth it.
   */
  begin(
    pieces: readonly Uint8Array[],
    waitMs: number,
  ): Promise<Uint8Array | undefined> | undefined {
    const length = pieces.reduce((sum, piece) => sum + piece.length, 0);
    const mostMs = waitMs * SHARE - this.#busyMs - CALL_MS;
    const cost = this.#choose(mostMs / length);
    if (cost === undefined || length < FEWEST_BYTES) return undefined;
    const bytes = joined(pieces);
    return isPromising(bytes) ? this.#run(bytes, cost) : undefined;
  }

  /** The best for which there is time. */
  #choose(mostMsPerByte: number): Cost | undefined {
    return this.#costs.find((cost) => {
      if (cost.msPerByte <= mostMsPerByte) return true;
      // A moment in which the machine was busy with something else passes.
      cost.msPerByte += FORGETTING * (cost.usualMsPerByte - cost.msPerByte);
      return false;
    });
  }

  async #run(bytes: Uint8Array, cost: Cost): Promise<Uint8Array | undefined> {
    const { length } = bytes;
    const expectedMs = CALL_MS + cost.msPerByte * length;
    this.#busyMs += expectedMs;
    const begunAt = this.#now();
    try {
      const compressed = await this.#compress(bytes, cost.quality);
      const msPerByte = Math.max(this.#now() - begunAt - CALL_MS, 0) / length;
      // A short one says little of what a byte costs.
      if (length >= SAMPLE_BYTES) cost.msPerByte += NEWS * (msPerByte - cost.msPerByte);
      return isWorthwhile(compressed, length) ? compressed : undefined;
    } finally {
      this.#busyMs -= expectedMs;
    }
  }
}

interface Cost {
  readonly quality: number;
  msPerByte: number;
}

/** The bytes of all, without a copy where there is but one. */
function joined(pieces: readonly Uint8Array[]): Uint8Array {
  const [first, second] = pieces;
  return first !== undefined && second === undefined ? first : Buffer.concat(pieces);
}

/**
 * Whether a sample becomes smaller: pieces from all over, for of files that travel together some may be
 * pictures. Where a file begins is often unlike the rest.
 */
function isPromising(bytes: Uint8Array): boolean {
  if (bytes.length <= 4 * SAMPLE_BYTES) return true;
  const sample = new Uint8Array(SAMPLE_BYTES);
  const step = bytes.length / SAMPLE_PIECES;
  const length = SAMPLE_BYTES / SAMPLE_PIECES;
  for (let piece = 0; piece < SAMPLE_PIECES; piece += 1) {
    const from = Math.floor((piece + 0.5) * step - length / 2);
    sample.set(bytes.subarray(from, from + length), piece * length);
  }
  return isWorthwhile(compressNow(sample, 1), SAMPLE_BYTES);
}

function isWorthwhile(compressed: Uint8Array, length: number): boolean {
  return compressed.length <= WORTHWHILE * length;
}
