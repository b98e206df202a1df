import { promisify } from 'node:util';
import {
  type BrotliOptions,
  brotliCompress,
  brotliCompressSync,
  brotliDecompress,
  constants,
} from 'node:zlib';
import { type Codec, ifShorter, pieceBytes } from './codec.ts';

const later = { compress: promisify(brotliCompress), decompress: promisify(brotliDecompress) };

/** A window of 1 MiB, which is a whole chunk: more would be memory for nothing. */
const WINDOW_LOG = 20;

/** Brotli (RFC 7932), which every Node has; levels are its qualities, from 0 to 11. */
export const BROTLI: Codec = {
  compress: async (bytes, level) =>
    ifShorter(await later.compress(bytes, compression(bytes.length, level)), bytes),
  compressNow: (bytes, level) =>
    ifShorter(brotliCompressSync(bytes, compression(bytes.length, level)), bytes),
  decompress: (bytes, length) =>
    later.decompress(bytes, { chunkSize: pieceBytes(length), maxOutputLength: length }),
};

function compression(length: number, quality: number): BrotliOptions {
  return {
    chunkSize: pieceBytes(length),
    params: {
      [constants.BROTLI_PARAM_QUALITY]: quality,
      [constants.BROTLI_PARAM_LGWIN]: WINDOW_LOG,
      [constants.BROTLI_PARAM_SIZE_HINT]: length,
    },
  };
}
