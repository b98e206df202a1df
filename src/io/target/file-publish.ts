import { P2PShareError } from '../../protocol/errors.ts';
import { errnoOf, isUnsupported } from '../files/file-errors.ts';
import type { FileRoot } from '../files/file-root.ts';
import type { FileStat, FileSystem } from '../files/file-system.ts';
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
  if (await publishNew(root.files, staged, root.at(name))) return name;
  for (let number = 1; onConflict === 'rename' && number <= MAX_NUMBER; number += 1) {
    const numbered = numberedName(name, number);
    if (await publishNew(root.files, staged, root.at(numbered))) return numbered;
  }
  throw new P2PShareError('P2P_TARGET_EXISTS', 'the final name is taken');
}

/** Throws `P2P_TARGET_EXISTS` for a folder, a device or the like, which nobody means to replace. */
export function requireReplaceable(existing: FileStat | undefined): void {
  if (existing === undefined || existing.kind === 'file' || existing.kind === 'link') return;
  throw new P2PShareError('P2P_TARGET_EXISTS', 'the final name is taken by no regular file');
}

/** Publishes under a name that must be free; false when it is not. */
async function publishNew(files: FileSystem, staged: string, final: string): Promise<boolean> {
  try {
    // Unlike rename, link never replaces anything (security rule 9).
    await files.link(staged, final);
    return true;
  } catch (error) {
    // It may be ours: then we have died here before, between this and the removal of the other name.
    if (errnoOf(error) === 'EEXIST') return await isSameFile(files, staged, final);
    if (!isUnsupported(error) && !NO_LINKS.has(errnoOf(error) ?? '')) throw error;
  }
  const isGiven = await files.renameNew(staged, final);
  return isGiven ?? (await publishOverPlaceholder(files, staged, final));
}

async function isSameFile(files: FileSystem, one: string, other: string): Promise<boolean> {
  const [a, b] = [await files.lstat(one), await files.lstat(other)];
  return a.dev === b.dev && a.ino === b.ino;
}

/** What else a file system says that has no second names for this file. */
const NO_LINKS: ReadonlySet<string> = new Set(['EMLINK', 'EXDEV']);

/**
 * Where there are no hard links, and nothing that renames only to a free name: takes the name with an
 * empty file, then replaces that. Who dies in between leaves the empty file.
 */
export async function publishOverPlaceholder(
  files: FileSystem,
  staged: string,
  final: string,
): Promise<boolean> {
  try {
    await (await files.createFile(final, 0o600)).close();
  } catch (error) {
    if (errnoOf(error) === 'EEXIST') return false;
    throw error;
  }
  try {
    await files.rename(staged, final);
  } catch (error) {
    await files.unlink(final).catch(() => undefined);
    throw error;
  }
  return true;
}
