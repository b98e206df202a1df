import { promisify } from 'node:util';
import {
  type BrotliOptions,
  brotliCompress,
  brotliCompressSync,
  brotliDecompress,
  constants,
} from 'node:zlib';
import { P2PShareError } from '../../protocol/errors.ts';

const later = { compress: promisify(brotliCompress), decompress: promisify(brotliDecompress) };

/** A window of 1 MiB, which is a whole chunk: more would be memory for nothing. */
const WINDOW_LOG = 20;
/** Least memory that one answer of zlib may be cut into. */
const MIN_PIECE_BYTES = 1024;

/** Compresses by Brotli (RFC 7932), on another thread; `quality` is from 0, the fastest, to 11. */
export async function compress(bytes: Uint8Array, quality: number): Promise<Uint8Array> {
  return await later.compress(bytes, compression(bytes.length, quality));
}

/** The same at once, for a few bytes. */
export function compressNow(bytes: Uint8Array, quality: number): Uint8Array {
  return brotliCompressSync(bytes, compression(bytes.length, quality));
}

function compression(length: number, quality: number): BrotliOptions {
  return {
    chunkSize: Math.max(length, MIN_PIECE_BYTES),
    params: {
      [constants.BROTLI_PARAM_QUALITY]: quality,
      [constants.BROTLI_PARAM_LGWIN]: WINDOW_LOG,
      [constants.BROTLI_PARAM_SIZE_HINT]: length,
    },
  };
}

/**
 * What was compressed, on another thread; never more than `length` bytes of memory, however much it
 * claims to be. Throws `P2P_INTEGRITY` when it is not compressed, or not `length` bytes.
 */
export async function decompress(bytes: Uint8Array, length: number): Promise<Uint8Array> {
  const options = { chunkSize: Math.max(length, MIN_PIECE_BYTES), maxOutputLength: length };
  const plain = await later.decompress(bytes, options).catch((error: unknown) => {
    throw new P2PShareError('P2P_INTEGRITY', 'a chunk cannot be decompressed', { cause: error });
  });
  if (plain.length === length) return plain;
  throw new P2PShareError('P2P_INTEGRITY', `${plain.length} of ${length} bytes in a chunk`);
}
