import { lstat, readdir, rmdir, stat, unlink } from 'node:fs/promises';
import { join } from 'node:path';
import { errnoOf } from './file-errors.ts';
import { FileRoot } from './file-root.ts';
import { STAGED_FILE, stagingPrefix } from './file-staging.ts';

/**
 * Removes what a transfer that died has left in a folder of the receiver's, by the names that we give
 * and no others; whether nothing is left of it. `id`: of the transfer, letters and digits.
 */
export async function removeLeftovers(directory: string, id: string): Promise<boolean> {
  const root = await openIfThere(directory, true);
  if (root === undefined) return true;
  let isClear = true;
  try {
    for (const name of await readdir(root.path)) {
      if (name.startsWith(stagingPrefix(id))) isClear = (await clear(root, name)) && isClear;
    }
    return isClear;
  } finally {
    await root.close();
  }
}

/** The path of the file in a folder that has this device and inode, under whatever name. */
export async function findByIdentity(
  directory: string,
  identity: string,
): Promise<string | undefined> {
  for (const name of await readdir(directory)) {
    const path = join(directory, name);
    const stats = await lstat(path, { bigint: true }).catch(() => undefined);
    if (stats?.isFile() && `${stats.dev}:${stats.ino}` === identity) return path;
  }
  return undefined;
}

async function clear(root: FileRoot, name: string): Promise<boolean> {
  const folder = await openIfThere(root.at(name), false).catch(() => 'not-ours' as const);
  if (folder === undefined) return true;
  if (folder === 'not-ours') return false;
  try {
    const { uid, mode } = await stat(folder.path);
    const isOurs = process.getuid === undefined || uid === process.getuid();
    if (!isOurs || (process.platform !== 'win32' && (mode & 0o077) !== 0)) return false;
    await unlink(folder.at(STAGED_FILE)).catch(unlessGone);
  } finally {
    await folder.close();
  }
  // Not recursive: what somebody else has put there is not ours to delete.
  return await rmdir(root.at(name)).then(
    () => true,
    () => false,
  );
}

async function openIfThere(path: string, follow: boolean): Promise<FileRoot | undefined> {
  try {
    return await FileRoot.open(path, follow);
  } catch (error) {
    if (errnoOf(error) === 'ENOENT') return undefined;
    throw error;
  }
}

function unlessGone(error: unknown): void {
  if (errnoOf(error) !== 'ENOENT') throw error;
}
