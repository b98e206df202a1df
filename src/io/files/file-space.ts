import { P2PShareError } from '../../protocol/errors.ts';
import type { FileRoot } from './file-root.ts';

/** Part of the free space that is left alone: others write too, and file systems need room. */
const RESERVE_PERCENT = 5n;

/** Throws `P2P_DISK_FULL` when `bytes` are more than the file system of `root` has free, less 5 %. */
export async function requireSpace(root: FileRoot, bytes: number): Promise<void> {
  const { availableBytes: free, blocks } = await root.files.space(root.path);
  // Some network and user-space file systems count nothing at all: they will say when it is over.
  if (blocks === 0n) return;
  const usable = free - (free * RESERVE_PERCENT) / 100n;
  if (BigInt(bytes) <= usable) return;
  const space = { neededBytes: bytes, freeBytes: Number(usable) };
  throw new P2PShareError('P2P_DISK_FULL', `${bytes} bytes do not fit into ${free}`, { space });
}
