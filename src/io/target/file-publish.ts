import { P2PShareError } from '../../protocol/errors.ts';
import type { FileRoot } from '../files/file-root.ts';
import type { FileStat } from '../files/file-system.ts';
import { takeName } from '../files/take-name.ts';
import { numberedName } from './file-numbered-name.ts';

/** What to do when the final name is taken. */
export type OnConflict = 'fail' | 'skip' | 'rename' | 'overwrite';

/** Names that are tried with `rename` before giving up. */
export const MAX_NUMBER = 9999;

/**
 * Gives the staged file its final name in `root`, at once and whole, and yields that name. Nothing
 * that exists is replaced unless `onConflict` is `overwrite`: then it has to have passed
 * `requireReplaceable`. Throws `P2P_TARGET_EXISTS` or a system error; then the staged file is where it was.
 */
export async function publish(
  staged: string,
  root: FileRoot,
  name: string,
  onConflict: OnConflict,
): Promise<string> {
  if (onConflict === 'overwrite') {
    await root.files.rename(staged, root.at(name));
    return name;
  }
  if (await takeName(root.files, staged, root.at(name))) return name;
  for (let number = 1; onConflict === 'rename' && number <= MAX_NUMBER; number += 1) {
    const numbered = numberedName(name, number);
    if (await takeName(root.files, staged, root.at(numbered))) return numbered;
  }
  throw new P2PShareError('P2P_TARGET_EXISTS', 'the final name is taken');
}

/** Throws `P2P_TARGET_EXISTS` for a folder, a device or the like, which nobody means to replace. */
export function requireReplaceable(existing: FileStat | undefined): void {
  if (existing === undefined || existing.kind === 'file' || existing.kind === 'link') return;
  throw new P2PShareError('P2P_TARGET_EXISTS', 'the final name is taken by no regular file');
}
