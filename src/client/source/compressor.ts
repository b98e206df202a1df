import { BROTLI } from '../../io/compression/brotli.ts';
import type { Codec } from '../../io/compression/codec.ts';
import type { CompressionWish } from '../../protocol/transfer/transfer-sender.ts';

/** A level of a codec. */
interface Level {
  readonly level: number;
  /** What a byte is taken to cost, before that is measured. */
  readonly usualMsPerByte: number;
}

/** The best first. */
const BROTLI_LEVELS: readonly Level[] = [
  { level: 5, usualMsPerByte: 5e-5 },
  { level: 1, usualMsPerByte: 1e-5 },
];
/** The same; above 6 the tables of each thread grow from 4 to 7 MB, for two per cent. */
const ZSTD_LEVELS: readonly Level[] = [
  { level: 6, usualMsPerByte: 1.3e-5 },
  { level: 3, usualMsPerByte: 5e-6 },
  { level: 1, usualMsPerByte: 3e-6 },
];
/** What a call costs beside its bytes: another thread, and memory for tables. */
const CALL_MS = 2;
/** What is taken to be left of a byte, before that is measured. */
const USUAL_REST = 0.3;
/**
 * Of the time after which a chunk would have left as it is, this may be used. With half of it links of
 * 1 Gbit/s are 7 % slower on two cores, with a quarter those of 200 Mbit/s carry a fifth less (Brotli).
 */
const SHARE = 0.35;
/** Below it a call costs more than it can save. */
const FEWEST_BYTES = 512;
/** What a sample says of a larger chunk is worth the wait. */
const SAMPLE_BYTES = 16 * 1024;
const SAMPLE_PIECES = 4;
/** A tenth less, or the receiver decompresses for nothing. */
const WORTHWHILE = 0.9;
/** How much a new measurement counts. */
const NEWS = 0.25;
/** How much of a cost is forgotten with each chunk that is not compressed so well because of it. */
const FORGETTING = 1 / 32;

/** When what is to be compressed would have left as it is, how quickly, and how it may be compressed. */
type Pace = Omit<CompressionWish, 'chunks'>;

/**
 * Compresses chunks as well as there is time for while the network is at work: where that is faster,
 * as over loopback, nothing is compressed.
 */
export class Compressor {
  readonly #brotli: CodecInUse;
  readonly #zstd: CodecInUse | undefined;
  /** What those are going to take that are being compressed. */
  #busyMs = 0;
  readonly #now: () => number;

  /** `now`: milliseconds of a clock that is never put back; `zstd`: where this machine has that. */
  constructor(
    now: () => number,
    { zstd, brotli = BROTLI }: { readonly zstd: Codec | undefined; readonly brotli?: Codec },
  ) {
    this.#now = now;
    this.#brotli = inUse(brotli, BROTLI_LEVELS);
    this.#zstd = zstd && inUse(zstd, ZSTD_LEVELS);
  }

  /**
   * Begins to compress the pieces together, where that takes less than a part of the time until they would
   * have left as they are. Resolves with `undefined` where it was not worth it.
   */
  begin(
    pieces: readonly Uint8Array[],
    { waitMs, rate, takesZstd }: Pace,
  ): Promise<Uint8Array | undefined> | undefined {
    const length = pieces.reduce((sum, piece) => sum + piece.length, 0);
    const { codec, costs } = (takesZstd ? this.#zstd : undefined) ?? this.#brotli;
    const mostMs = waitMs * SHARE - this.#busyMs - CALL_MS;
    const cost = choose(costs, mostMs / length, rate);
    if (cost === undefined || length < FEWEST_BYTES) return undefined;
    const bytes = joined(pieces);
    return isPromising(bytes, codec) ? this.#run(bytes, codec, cost) : undefined;
  }

  async #run(bytes: Uint8Array, codec: Codec, cost: Cost): Promise<Uint8Array | undefined> {
    const { length } = bytes;
    const expectedMs = CALL_MS + cost.msPerByte * length;
    this.#busyMs += expectedMs;
    const begunAt = this.#now();
    try {
      const compressed = await codec.compress(bytes, cost.level);
      const msPerByte = Math.max(this.#now() - begunAt - CALL_MS, 0) / length;
      // A short one says little of what a byte costs.
      if (length >= SAMPLE_BYTES) {
        cost.msPerByte += NEWS * (msPerByte - cost.msPerByte);
        cost.rest += NEWS * ((compressed?.length ?? length) / length - cost.rest);
      }
      return isWorthwhile(compressed, length) ? compressed : undefined;
    } finally {
      this.#busyMs -= expectedMs;
    }
  }
}

interface CodecInUse {
  readonly codec: Codec;
  readonly costs: readonly Cost[];
}

interface Cost extends Level {
  msPerByte: number;
  /** How much is left of a byte. */
  rest: number;
}

function inUse(codec: Codec, levels: readonly Level[]): CodecInUse {
  const costs = levels.map((level) => {
    return { ...level, msPerByte: level.usualMsPerByte, rest: USUAL_REST };
  });
  return { codec, costs };
}

/**
 * The best for which there is time, and which makes as much as the network carries meanwhile: after a
 * slower one there would be no time for the next chunk. Of the last one there is no quicker.
 */
function choose(costs: readonly Cost[], mostMsPerByte: number, rate: number): Cost | undefined {
  return costs.find((cost, index) => {
    const keepsUp = cost.msPerByte <= cost.rest / rate || index === costs.length - 1;
    if (cost.msPerByte <= mostMsPerByte && keepsUp) return true;
    // A moment in which the machine was busy with something else passes.
    cost.msPerByte += FORGETTING * (cost.usualMsPerByte - cost.msPerByte);
    return false;
  });
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
function isPromising(bytes: Uint8Array, codec: Codec): boolean {
  if (bytes.length <= 4 * SAMPLE_BYTES) return true;
  const sample = new Uint8Array(SAMPLE_BYTES);
  const step = bytes.length / SAMPLE_PIECES;
  const length = SAMPLE_BYTES / SAMPLE_PIECES;
  for (let piece = 0; piece < SAMPLE_PIECES; piece += 1) {
    const from = Math.floor((piece + 0.5) * step - length / 2);
    sample.set(bytes.subarray(from, from + length), piece * length);
  }
  return isWorthwhile(codec.compressNow(sample, 1), SAMPLE_BYTES);
}

function isWorthwhile(compressed: Uint8Array | undefined, length: number): boolean {
  return compressed !== undefined && compressed.length <= WORTHWHILE * length;
}
