/** A way of compressing. Where it works on other threads, what it is given stays untouched meanwhile. */
export interface Codec {
  /** Compresses on another thread; a higher `level` takes longer. `undefined` where that makes it no shorter. */
  compress(bytes: Uint8Array, level: number): Promise<Uint8Array | undefined>;
  /** The same at once, for a few bytes. */
  compressNow(bytes: Uint8Array, level: number): Uint8Array | undefined;
  /**
   * What was compressed, on another thread; never more than `length` bytes of memory, however much it
   * claims to be, but perhaps less. Rejects when it is not compressed, or more than that.
   */
  decompress(bytes: Uint8Array, length: number): Promise<Uint8Array>;
}

/** What was compressed, if that has made it shorter. */
export function ifShorter(compressed: Uint8Array, { length }: Uint8Array): Uint8Array | undefined {
  return compressed.length < length ? compressed : undefined;
}

/** Least memory that one answer of zlib may be cut into. */
const MIN_PIECE_BYTES = 1024;

/** In how many bytes zlib is to answer at once that makes `length` bytes at most. */
export function pieceBytes(length: number): number {
  return Math.max(length, MIN_PIECE_BYTES);
}
