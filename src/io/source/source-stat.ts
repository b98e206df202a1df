import type { BigIntStats } from 'node:fs';
import { P2PShareError } from '../../protocol/errors.ts';
import { READ_FLAGS, statPath, takeFile } from '../files/file-calls.ts';
import { problem } from '../files/file-errors.ts';

/**
 * Looks at what is to be sent. A file that claims to be empty and is not, as those of /proc do, would
 * arrive empty: `P2P_SOURCE_UNREADABLE`. Throws what opening a file throws that may not be read, unless
 * `allowUnreadable`.
 */
export async function statSource(
  path: string,
  { allowUnreadable = false }: { readonly allowUnreadable?: boolean } = {},
): Promise<BigIntStats> {
  const stats = await statPath(path);
  if (!stats.isFile()) return stats;
  if (stats.size > 0n) {
    if (!allowUnreadable && !saysReadable(stats)) await takeByte(path);
    return stats;
  }
  // Of one that nobody may read there is nothing to be missed.
  const read = await takeByte(path).catch(() => undefined);
  // It may also have been written to since.
  if (read === undefined || read.length === 0 || read.stats.size > 0n) return stats;
  const cause = problem('size unknown');
  throw new P2PShareError('P2P_SOURCE_UNREADABLE', 'it has more than its size', { path, cause });
}

async function takeByte(path: string): ReturnType<typeof takeFile> {
  return await takeFile(path, READ_FLAGS, new Uint8Array(1));
}

/**
 * Whether the mode of a file says for certain that we may read it; if not, ACLs, groups or capabilities
 * may let us all the same. A file is looked at often, and tried only then.
 */
function saysReadable({ uid, mode }: BigIntStats): boolean {
  const us = process.geteuid?.();
  if (us === undefined || us === 0) return true;
  const readers = BigInt(us) === uid ? OWNER_READS : OTHERS_READ;
  return (mode & readers) === readers;
}

const OWNER_READS = 0o400n;
/** The group too, for we may be in it. */
const OTHERS_READ = 0o044n;
