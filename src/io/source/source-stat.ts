import type { BigIntStats } from 'node:fs';
import { P2PShareError } from '../../protocol/errors.ts';
import { READ_FLAGS, statPath, takeFile } from '../files/file-calls.ts';
import { problem } from '../files/file-errors.ts';

/**
 * Looks at what is to be sent. A file that claims to be empty and is not, as those of /proc do, would
 * arrive empty: `P2P_SOURCE_UNREADABLE`.
 */
export async function statSource(path: string): Promise<BigIntStats> {
  const stats = await statPath(path);
  if (!stats.isFile() || stats.size > 0n) return stats;
  // Of one that nobody may read there is nothing to be missed.
  const read = await takeFile(path, READ_FLAGS, new Uint8Array(1)).catch(() => undefined);
  // It may also have been written to since.
  if (read === undefined || read.length === 0 || read.stats.size > 0n) return stats;
  const cause = problem('size unknown');
  throw new P2PShareError('P2P_SOURCE_UNREADABLE', 'it has more than its size', { path, cause });
}
