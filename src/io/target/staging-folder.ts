import { P2PShareError } from '../../protocol/errors.ts';
import { errnoOf } from '../files/file-errors.ts';
import { FileRoot } from '../files/file-root.ts';
import type { FileStat, FileSystem } from '../files/file-system.ts';

/** What staging folders are called; a name that no sender may use. */
const PREFIX = '.p2pshare-';
/** In the staging folder: what is received, under the names that it is going to have. */
export const TREE = 'tree';
/** And what of it is whole. */
export const JOURNAL = 'journal';
/** And for a moment, a file that shows what the file system keeps. */
const PROBE = 'probe';

/** The name of a transfer's staging folder; `id`: letters and digits. */
export function stagingName(id: string): string {
  return `${PREFIX}${id}`;
}

/**
 * Opens the private folder (0700) beside the target which holds what has come of a transfer until
 * it is whole; it is made if it is not there. On the same file system, so that publishing copies
 * nothing. Throws `P2P_TARGET_UNWRITABLE` when what is there is not ours alone, though it could be.
 */
export async function openStaging(root: FileRoot, id: string): Promise<FileRoot> {
  const { files } = root;
  const isNew = await make(files, root.at(stagingName(id)));
  let staging: FileRoot | undefined;
  try {
    staging = await findStaging(root, id);
    if (staging === undefined)
      throw new P2PShareError('P2P_TARGET_UNWRITABLE', 'no staging folder');
    await make(files, staging.at(TREE));
    return staging;
  } catch (error) {
    await staging?.close();
    if (isNew) await files.rmdir(root.at(stagingName(id))).catch(() => undefined);
    throw error;
  }
}

/** Whether the folder was not there before. */
async function make(files: FileSystem, path: string): Promise<boolean> {
  try {
    await files.makeFolder(path);
    return true;
  } catch (error) {
    if (errnoOf(error) !== 'EEXIST') throw error;
    return false;
  }
}

/** The same, where it has been made before. */
export async function findStaging(root: FileRoot, id: string): Promise<FileRoot | undefined> {
  const { files } = root;
  const path = root.at(stagingName(id));
  let staging: FileRoot;
  try {
    staging = await FileRoot.open(path, false, files);
  } catch (error) {
    if (errnoOf(error) === 'ENOENT') return undefined;
    if (errnoOf(error) === 'ELOOP' || errnoOf(error) === 'ENOTDIR') throw notOurs();
    throw error;
  }
  try {
    if (isPrivate(await files.stat(staging.path)) || !(await keepsPermissions(staging))) {
      return staging;
    }
    throw notOurs();
  } catch (error) {
    await staging.close();
    throw error;
  }
}

function isPrivate({ isOwn, mode }: FileStat): boolean {
  return isOwn && (process.platform === 'win32' || (mode & 0o077) === 0);
}

/**
 * Whether the file system keeps who owns a file and who may open it. FAT, exFAT, NTFS and many network
 * drives show the same of all: there a folder cannot be private, and that it is not says nothing. A file
 * of our own is asked by its descriptor, so that nobody can put another in its place.
 */
async function keepsPermissions(folder: FileRoot): Promise<boolean> {
  const { files } = folder;
  const path = folder.at(PROBE);
  await files.unlink(path).catch(unlessGone);
  const probe = await files.createFile(path, 0o600);
  try {
    return isPrivate(await probe.stat());
  } finally {
    await probe.close();
    await files.unlink(path);
  }
}

/** Removes all that a staging folder holds, and the folder. Nobody but us can have put it there. */
export async function removeStaging(root: FileRoot, id: string, staging: FileRoot): Promise<void> {
  const { files } = root;
  try {
    await removeTree(files, staging.path);
  } finally {
    await staging.close();
  }
  await files.rmdir(root.at(stagingName(id))).catch(unlessGone);
}

/** Closes a staging folder, and removes it if nothing has come of it. */
export async function removeIfEmpty(root: FileRoot, id: string, staging: FileRoot): Promise<void> {
  try {
    await staging.files.rmdir(staging.at(TREE));
    await staging.files.rmdir(root.at(stagingName(id)));
  } finally {
    await staging.close();
  }
}

/** Removes what is in a folder, of so many bytes itself; links in it are removed and not followed. */
async function removeTree(files: FileSystem, folder: string, bytes?: number): Promise<void> {
  for (const name of await files.readFolder(folder, bytes)) {
    const path = `${folder}/${name}`;
    const { kind, size } = await files.lstat(path);
    if (kind === 'folder') {
      await removeTree(files, path, size);
      await files.rmdir(path);
    } else await files.unlink(path, size);
  }
}

export function unlessGone(error: unknown): void {
  if (errnoOf(error) !== 'ENOENT') throw error;
}

function notOurs(): P2PShareError {
  return new P2PShareError('P2P_TARGET_UNWRITABLE', 'the staging folder is not ours alone');
}
