import type { BigIntStats } from 'node:fs';
import { constants } from 'node:fs';
import { chmod, readlink, realpath, stat, statfs, symlink } from 'node:fs/promises';
import { setAttributes } from './file-attributes.ts';
import {
  chmodFile,
  closeFile,
  linkFile,
  listFolder,
  makeFolder,
  openFile,
  putFile,
  READ_FLAGS,
  readFile,
  removeFile,
  removeFolder,
  renameFile,
  type SmallFile,
  statFile,
  statPath,
  syncFile,
  syncFileData,
  takeFile,
  touchFile,
  truncateFile,
  writeFile,
} from './file-calls.ts';
import { renameNew } from './rename-new.ts';
import { type SyncFileSystem, syncFileSystem } from './sync-filesystem.ts';

/** What is at a path. `dev` and `ino` together tell it from everything else that exists. */
export interface FileStat {
  readonly dev: bigint;
  readonly ino: bigint;
  readonly kind: 'file' | 'folder' | 'link' | 'other';
  /** In bytes. */
  readonly size: number;
  /** Permission bits. */
  readonly mode: number;
  /** Whole milliseconds since 1970. */
  readonly mtimeMs: number;
  /** Whether it belongs to the user that we are; always so on Windows. */
  readonly isOwn: boolean;
}

/** What a file system has left for users other than root; `blocks` is 0 where nobody counts. */
export interface FileSystemSpace {
  readonly availableBytes: bigint;
  readonly blocks: bigint;
}

/** A folder that is open. */
export interface OpenFolder {
  readonly fd: number;
  stat(): Promise<FileStat>;
  /** Makes the names in the folder durable. */
  sync(): Promise<void>;
  chmod(mode: number): Promise<void>;
  /** Both times in seconds since 1970. */
  utimes(accessed: number, modified: number): Promise<void>;
  close(): Promise<void>;
}

/** A file that is open for writing. */
export interface OpenFile extends OpenFolder {
  /** Writes some of the bytes, at least one, from `position` on; yields how many. */
  writev(buffers: readonly Uint8Array[], position: number): Promise<number>;
  /** Makes it so long; what is added is zeros, as a hole where there are holes. */
  truncate(length: number): Promise<void>;
  /** Reads until `into` is full or the file ends; yields the number of bytes. */
  read(into: Uint8Array, position: number): Promise<number>;
  /** Makes the bytes durable. */
  datasync(): Promise<void>;
}

/** How many bytes were read of a file, and how it was then. */
export interface TakenFile {
  readonly length: number;
  readonly stat: FileStat;
}

/**
 * What receiving needs of a file system, and no more, so that tests can put one in its place that
 * fails, dies or loses power at any call. Every method rejects with a system error, whose `code` is
 * an errno.
 */
export interface FileSystem {
  /** Makes a file that did not exist, not even as a link. */
  createFile(path: string, mode: number): Promise<OpenFile>;
  /** The same with its bytes, mode and time, and closed again. */
  putFile(path: string, file: SmallFile): Promise<void>;
  /** Opens a file for reading and writing, and follows no link at its end. */
  openFile(path: string): Promise<OpenFile>;
  /** The same, for reading only. */
  openForReading(path: string): Promise<OpenFile>;
  /**
   * Reads a small file from its beginning until `into` is full or it ends, and looks at it behind that;
   * follows no link at its end.
   */
  takeFile(path: string, into: Uint8Array): Promise<TakenFile>;
  /** Opens a folder and follows no link at its end; `undefined` on Windows, which opens none. */
  openFolder(path: string): Promise<OpenFolder | undefined>;
  /** Makes a private folder (0700) that did not exist. */
  makeFolder(path: string): Promise<void>;
  /** What a folder holds; `bytes`: how large it is itself, where that is known. */
  readFolder(path: string, bytes?: number): Promise<string[]>;
  symlink(target: string, path: string): Promise<void>;
  readlink(path: string): Promise<string>;
  stat(path: string): Promise<FileStat>;
  lstat(path: string): Promise<FileStat>;
  realpath(path: string): Promise<string>;
  space(path: string): Promise<FileSystemSpace>;
  /** Gives a file a second name; replaces nothing. */
  link(existing: string, path: string): Promise<void>;
  rename(from: string, to: string): Promise<void>;
  /** The same if the name is free; false where it is not, `undefined` where nothing can do both at once. */
  renameNew(from: string, to: string): Promise<boolean | undefined>;
  chmod(path: string, mode: number): Promise<void>;
  /** `bytes`: how many there are in it, where that is known. */
  unlink(path: string, bytes?: number): Promise<void>;
  rmdir(path: string): Promise<void>;
  /** `undefined` where there is no such thing. */
  syncAll(): Promise<SyncFileSystem | undefined>;
}

/** The file system of this machine. */
export const NODE_FILE_SYSTEM: FileSystem = {
  createFile: async (path, mode) => new NodeFile(await openFile(path, CREATE_FLAGS, mode)),
  putFile: (path, file) =>
    putFile(path, CREATE_FLAGS, file, () => putInSteps(NODE_FILE_SYSTEM, path, file)),
  openFolder: async (path) =>
    process.platform === 'win32' ? undefined : new NodeFile(await openFile(path, FOLDER_FLAGS)),
  openFile: async (path) => new NodeFile(await openFile(path, WRITE_FLAGS)),
  openForReading: async (path) => new NodeFile(await openFile(path, READ_FLAGS)),
  takeFile: async (path, into) => {
    const { length, stats } = await takeFile(path, READ_FLAGS, into);
    return { length, stat: fileStat(stats) };
  },
  makeFolder,
  readFolder: async (path, bytes = Number.POSITIVE_INFINITY) =>
    (await listFolder(path, bytes)).map(({ name }) => name),
  symlink: (target, path) => symlink(target, path),
  readlink: (path) => readlink(path),
  stat: async (path) => fileStat(await stat(path, { bigint: true })),
  lstat: async (path) => fileStat(await statPath(path)),
  realpath: (path) => realpath(path),
  space: async (path) => {
    const { bavail, bsize, blocks } = await statfs(path, { bigint: true });
    return { availableBytes: bavail * bsize, blocks };
  },
  link: linkFile,
  rename: renameFile,
  renameNew,
  chmod,
  unlink: (path, bytes = Number.POSITIVE_INFINITY) => removeFile(path, bytes),
  rmdir: removeFolder,
  syncAll: syncFileSystem,
};

/** Makes a file as `putFile` does, one call after another. */
export async function putInSteps(
  files: Pick<FileSystem, 'createFile'>,
  path: string,
  { bytes, ...attributes }: SmallFile,
): Promise<void> {
  const file = await files.createFile(path, 0o600);
  try {
    for (let at = 0; at < bytes.length; ) at += await file.writev([bytes.subarray(at)], at);
    await setAttributes(file, attributes);
  } finally {
    await file.close();
  }
}

/** Reads a file as `takeFile` does, one call after another. */
export async function takeInSteps(
  files: Pick<FileSystem, 'openForReading'>,
  path: string,
  into: Uint8Array,
): Promise<TakenFile> {
  const file = await files.openForReading(path);
  try {
    return { length: await file.read(into, 0), stat: await file.stat() };
  } finally {
    await file.close();
  }
}

// Windows has neither O_DIRECTORY nor O_NOFOLLOW.
const CREATE_FLAGS =
  constants.O_CREAT | constants.O_EXCL | constants.O_RDWR | (constants.O_NOFOLLOW ?? 0);
const WRITE_FLAGS = constants.O_RDWR | (constants.O_NOFOLLOW ?? 0) | (constants.O_NONBLOCK ?? 0);
const FOLDER_FLAGS =
  constants.O_RDONLY | (constants.O_DIRECTORY ?? 0) | (constants.O_NOFOLLOW ?? 0);

class NodeFile implements OpenFile {
  readonly fd: number;

  constructor(fd: number) {
    this.fd = fd;
  }

  async stat(): Promise<FileStat> {
    return fileStat(await statFile(this.fd));
  }

  async writev(buffers: readonly Uint8Array[], position: number): Promise<number> {
    return await writeFile(this.fd, buffers, position);
  }

  async read(into: Uint8Array, position: number): Promise<number> {
    return await readFile(this.fd, into, position);
  }

  async truncate(length: number): Promise<void> {
    await truncateFile(this.fd, length);
  }

  async chmod(mode: number): Promise<void> {
    await chmodFile(this.fd, mode);
  }

  async utimes(accessed: number, modified: number): Promise<void> {
    await touchFile(this.fd, accessed, modified);
  }

  async datasync(): Promise<void> {
    await syncFileData(this.fd);
  }

  async sync(): Promise<void> {
    await syncFile(this.fd);
  }

  async close(): Promise<void> {
    await closeFile(this.fd);
  }
}

/** Asked once: for each of 100,000 files it is a tenth of looking at it. `undefined` on Windows. */
const OWN_USER = process.getuid && BigInt(process.getuid());

function fileStat(stats: BigIntStats): FileStat {
  return {
    dev: stats.dev,
    ino: stats.ino,
    kind: kindOf(stats),
    size: Number(stats.size),
    mode: Number(stats.mode & 0o777n),
    mtimeMs: Number(stats.mtimeMs),
    isOwn: OWN_USER === undefined || stats.uid === OWN_USER,
  };
}

function kindOf(stats: BigIntStats): FileStat['kind'] {
  if (stats.isFile()) return 'file';
  if (stats.isDirectory()) return 'folder';
  return stats.isSymbolicLink() ? 'link' : 'other';
}
