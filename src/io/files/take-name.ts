import { errnoOf, isUnsupported } from './file-errors.ts';
import type { FileSystem } from './file-system.ts';

/** Gives a file, whole as it is, a name that must be free; false when it is not. */
export async function takeName(files: FileSystem, staged: string, final: string): Promise<boolean> {
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
  return isGiven ?? (await takeNameByPlaceholder(files, staged, final));
}

/** `other` may be gone by now. */
async function isSameFile(files: FileSystem, one: string, other: string): Promise<boolean> {
  const a = await files.lstat(one);
  const b = await files.lstat(other).catch((error: unknown) => {
    if (errnoOf(error) !== 'ENOENT') throw error;
  });
  return a.dev === b?.dev && a.ino === b.ino;
}

/** What else a file system says that has no second names for this file. */
const NO_LINKS: ReadonlySet<string> = new Set(['EMLINK', 'EXDEV']);

/**
 * Where there are no hard links, and nothing that renames only to a free name: takes the name with an
 * empty file, then replaces that. Who dies in between leaves the empty file.
 */
export async function takeNameByPlaceholder(
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
