import { P2PShareError } from '../../protocol/errors.ts';
import { BROTLI } from './brotli.ts';
import { isZstd, zstd } from './zstd.ts';

/**
 * What was compressed, by the way that it shows (docs/protocol-transfer.md), on another thread; never more
 * than `length` bytes of memory. Throws `P2P_INTEGRITY` when it is not compressed, or not `length` bytes.
 */
export async function decompress(bytes: Uint8Array, length: number): Promise<Uint8Array> {
  const codec = (isZstd(bytes) ? await zstd() : undefined) ?? BROTLI;
  const plain = await codec.decompress(bytes, length).catch((error: unknown) => {
    throw new P2PShareError('P2P_INTEGRITY', 'a chunk cannot be decompressed', { cause: error });
  });
  if (plain.length === length) return plain;
  throw new P2PShareError('P2P_INTEGRITY', `${plain.length} of ${length} bytes in a chunk`);
}
