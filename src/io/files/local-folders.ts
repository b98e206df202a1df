import { statfs } from 'node:fs/promises';
import { dirname } from 'node:path';

/**
 * Linux file systems that are on this machine (statfs(2)): ext, XFS, Btrfs, tmpfs, overlayfs, ZFS, F2FS.
 * One on a network may hang for good, and would take the process with it.
 */
const LOCAL_TYPES = new Set([
  0xef53, 0x58465342, 0x9123683e, 0x01021994, 0x794c7630, 0x2fc12fc1, 0xf2f52010,
]);
/** Folders of which it is known, below one descriptor; more than that are looked at again. */
const MAX_KNOWN_FOLDERS = 4096;
const DESCRIPTORS = '/proc/self/fd/';

/** By the path of the descriptor that they are reached through; an empty one for all others. */
const localFolders = new Map<string, Map<string, Promise<boolean>>>();

/** Whether what is in a folder is on this machine, as far as we know how to tell. */
export function isLocal(folder: string): Promise<boolean> {
  if (process.platform !== 'linux') return ELSEWHERE;
  const folders = foldersBeside(folder);
  const known = folders.get(folder);
  if (known !== undefined) return known;
  // Of many files in it the first asks, and the others wait for the same answer.
  const local = statfs(folder).then(
    ({ type }) => LOCAL_TYPES.has(type),
    () => {
      // It may be made in a moment.
      folders.delete(folder);
      return false;
    },
  );
  know(folders, folder, local);
  return local;
}

function know(
  folders: Map<string, Promise<boolean>>,
  folder: string,
  local: Promise<boolean>,
): void {
  if (folders.size >= MAX_KNOWN_FOLDERS) folders.clear();
  folders.set(folder, local);
}

/** What is known of the folders below the same descriptor. */
function foldersBeside(folder: string): Map<string, Promise<boolean>> {
  const root = rootOf(folder);
  const known = localFolders.get(root);
  if (known !== undefined) return known;
  const folders = new Map<string, Promise<boolean>>();
  localFolders.set(root, folders);
  return folders;
}

function rootOf(folder: string): string {
  if (!folder.startsWith(DESCRIPTORS)) return '';
  const end = folder.indexOf('/', DESCRIPTORS.length);
  return end === -1 ? folder : folder.slice(0, end);
}

/** Takes a folder for one of the file system that another is on: the one above it, if none is named. */
export function noteSame(folder: string, other: string = dirname(folder)): void {
  know(foldersBeside(folder), folder, isLocal(other));
}

/** The path of an open folder, where /proc is mounted; `forgetDescriptor` before it is closed. */
export function descriptorPath(fd: number): string {
  return `${DESCRIPTORS}${fd}`;
}

/** To be called before the number comes to be of another folder. */
export function forgetDescriptor(fd: number): void {
  localFolders.delete(descriptorPath(fd));
}

const ELSEWHERE = Promise.resolve(false);
