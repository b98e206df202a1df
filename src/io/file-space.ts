import { statfs } from 'node:fs/promises';
import { P2PShareError } from '../protocol/errors.ts';

/** Part of the free space that is left alone: others write too, and file systems need room. */
const RESERVE_PERCENT = 5n;

/** Throws `P2P_DISK_FULL` when `bytes` are more than the file system of `path` has free, less 5 %. */
export async function requireSpace(path: string, bytes: number): Promise<void> {
  const { bavail, bsize, blocks } = await statfs(path, { bigint: true });
  // Some network and user-space file systems count nothing at all: they will say when it is over.
  if (blocks === 0n) return;
  const free = bavail * bsize;
  if (BigInt(bytes) <= free - (free * RESERVE_PERCENT) / 100n) return;
  throw new P2PShareError('P2P_DISK_FULL', `${bytes} bytes do not fit into ${free}`);
}
