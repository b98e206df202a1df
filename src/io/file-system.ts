import type { BigIntStats } from 'node:fs';
import { constants } from 'node:fs';
import {
  type FileHandle,
  link,
  lstat,
  mkdtemp,
  open,
  realpath,
  rename,
  rmdir,
  stat,
  statfs,
  unlink,
} from 'node:fs/promises';

/** What is at a path. `dev` and `ino` together tell it from everything else that exists. */
export interface FileStat {
  readonly dev: bigint;
  readonly ino: bigint;
  readonly kind: 'file' | 'folder' | 'link' | 'other';
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
  close(): Promise<void>;
}

/** A file that is open for writing. */
export interface OpenFile extends OpenFolder {
  /** Writes some of the bytes, at least one, from `position` on; yields how many. */
  writev(buffers: readonly Uint8Array[], position: number): Promise<number>;
  /** Makes it so long; what is added is zeros, as a hole where there are holes. */
  truncate(length: number): Promise<void>;
  chmod(mode: number): Promise<void>;
  /** Both times in seconds since 1970. */
  utimes(accessed: number, modified: number): Promise<void>;
  /** Makes the bytes durable. */
  datasync(): Promise<void>;
}

/**
 * What receiving needs of a file system, and no more, so that tests can put one in its place that
 * fails, dies or loses power at any call. Every method rejects with a system error, whose `code` is
 * an errno.
 */
export interface FileSystem {
  /** Makes a file that did not exist, not even as a link. */
  createFile(path: string, mode: number): Promise<OpenFile>;
  /** Opens a folder and follows no link at its end; `undefined` on Windows, which opens none. */
  openFolder(path: string): Promise<OpenFolder | undefined>;
  /** Makes a private folder (0700) under a name that begins with `prefix`; yields its path. */
  createPrivateFolder(prefix: string): Promise<string>;
  stat(path: string): Promise<FileStat>;
  lstat(path: string): Promise<FileStat>;
  realpath(path: string): Promise<string>;
  space(path: string): Promise<FileSystemSpace>;
  /** Gives a file a second name; replaces nothing. */
  link(existing: string, path: string): Promise<void>;
  rename(from: string, to: string): Promise<void>;
  unlink(path: string): Promise<void>;
  rmdir(path: string): Promise<void>;
}

/** The file system of this machine. */
export const NODE_FILE_SYSTEM: FileSystem = {
  createFile: async (path, mode) => new NodeFile(await open(path, CREATE_FLAGS, mode)),
  openFolder: async (path) =>
    process.platform === 'win32' ? undefined : new NodeFile(await open(path, FOLDER_FLAGS)),
  createPrivateFolder: mkdtemp,
  stat: async (path) => fileStat(await stat(path, { bigint: true })),
  lstat: async (path) => fileStat(await lstat(path, { bigint: true })),
  realpath: (path) => realpath(path),
  space: async (path) => {
    const { bavail, bsize, blocks } = await statfs(path, { bigint: true });
    return { availableBytes: bavail * bsize, blocks };
  },
  link,
  rename,
  unlink,
  rmdir: (path) => rmdir(path),
};

// Windows has neither O_DIRECTORY nor O_NOFOLLOW.
const CREATE_FLAGS =
  constants.O_CREAT | constants.O_EXCL | constants.O_RDWR | (constants.O_NOFOLLOW ?? 0);
const FOLDER_FLAGS =
  constants.O_RDONLY | (constants.O_DIRECTORY ?? 0) | (constants.O_NOFOLLOW ?? 0);

class NodeFile implements OpenFile {
  readonly #handle: FileHandle;

  constructor(handle: FileHandle) {
    this.#handle = handle;
  }

  get fd(): number {
    return this.#handle.fd;
  }

  async stat(): Promise<FileStat> {
    return fileStat(await this.#handle.stat({ bigint: true }));
  }

  async writev(buffers: readonly Uint8Array[], position: number): Promise<number> {
    return (await this.#handle.writev(buffers, position)).bytesWritten;
  }

  async truncate(length: number): Promise<void> {
    await this.#handle.truncate(length);
  }

  async chmod(mode: number): Promise<void> {
    await this.#handle.chmod(mode);
  }

  async utimes(accessed: number, modified: number): Promise<void> {
    await this.#handle.utimes(accessed, modified);
  }

  async datasync(): Promise<void> {
    await this.#handle.datasync();
  }

  async sync(): Promise<void> {
    await this.#handle.sync();
  }

  async close(): Promise<void> {
    await this.#handle.close();
  }
}

function fileStat(stats: BigIntStats): FileStat {
  return { dev: stats.dev, ino: stats.ino, kind: kindOf(stats) };
}

function kindOf(stats: BigIntStats): FileStat['kind'] {
  if (stats.isFile()) return 'file';
  if (stats.isDirectory()) return 'folder';
  return stats.isSymbolicLink() ? 'link' : 'other';
}
