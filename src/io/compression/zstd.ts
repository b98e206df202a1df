import { promisify } from 'node:util';
import zlib from 'node:zlib';
import { type Codec, ifShorter, pieceBytes } from './codec.ts';
import { libzstd } from './libzstd.ts';

let found: Promise<Codec | undefined> | undefined;

/**
 * Zstandard (RFC 8878): of the time of Brotli it takes half for the same size, and a sixth to decompress.
 * `undefined` where there is neither the system's library nor a Node that has it, from 22.15 on, and with
 * `P2PSHARE_NO_ZSTD=1`.
 */
export async function zstd(): Promise<Codec | undefined> {
  const { P2PSHARE_NO_ZSTD } = process.env;
  if (P2PSHARE_NO_ZSTD === '1') return undefined;
  found ??= libzstd().catch(() => nodeZstd());
  return await found;
}

/** Whether it begins as every frame of Zstandard does (RFC 8878, section 3.1.1). */
export function isZstd(bytes: Uint8Array): boolean {
  return MAGIC.every((byte, index) => bytes[index] === byte);
}

const MAGIC = [0x28, 0xb5, 0x2f, 0xfd];

/** What newer versions have and the types of Node 20 do not. */
interface ZstdOptions {
  readonly chunkSize: number;
  readonly maxOutputLength?: number;
  readonly params?: Readonly<Record<number, number>>;
}
type Later = (
  bytes: Uint8Array,
  options: ZstdOptions,
  done: (error: Error | null, result: Uint8Array) => void,
) => void;
interface NewerZlib {
  readonly zstdCompress: Later;
  readonly zstdDecompress: Later;
  readonly zstdCompressSync: (bytes: Uint8Array, options: ZstdOptions) => Uint8Array;
  readonly constants: { readonly ZSTD_c_compressionLevel: number };
}

/** By a Node that has it: with a new context for each call, and so not as quick. */
export function nodeZstd(): Codec | undefined {
  if (!hasZstd(zlib)) return undefined;
  const { constants, zstdCompressSync } = zlib;
  const later = {
    compress: promisify(zlib.zstdCompress),
    decompress: promisify(zlib.zstdDecompress),
  };
  const options = ({ length }: Uint8Array, level: number) => ({
    chunkSize: pieceBytes(length),
    params: { [constants.ZSTD_c_compressionLevel]: level },
  });
  return {
    compress: async (bytes, level) =>
      ifShorter(await later.compress(bytes, options(bytes, level)), bytes),
    compressNow: (bytes, level) => ifShorter(zstdCompressSync(bytes, options(bytes, level)), bytes),
    decompress: (bytes, length) =>
      later.decompress(bytes, { chunkSize: pieceBytes(length), maxOutputLength: length }),
  };
}

function hasZstd(module: object): module is NewerZlib {
  return 'zstdCompress' in module;
}
