import { sep } from 'node:path';
import { P2PShareError } from '../../protocol/errors.ts';
import { syncFolder } from './file-attributes.ts';
import {
  type FileStat,
  type FileSystem,
  NODE_FILE_SYSTEM,
  type OpenFolder,
} from './file-system.ts';
import { descriptorPath, forgetDescriptor, noteSame } from './local-folders.ts';

/**
 * A folder that stays the same folder, whatever happens to its path: on Linux names in it are
 * reached through its descriptor (security rule 8). Elsewhere they are reached by its real path,
 * and `requireSame` tells before anything final whether that still leads here.
 */
export class FileRoot {
  /** Where the folder is; whatever is done in it goes there. */
  readonly files: FileSystem;
  readonly #handle: OpenFolder | undefined;
  readonly #base: string;
  readonly #path: string;
  readonly #opened: FileStat;

  private constructor(
    files: FileSystem,
    handle: OpenFolder | undefined,
    base: string,
    path: string,
    opened: FileStat,
  ) {
    this.files = files;
    this.#handle = handle;
    this.#base = base;
    this.#path = path;
    this.#opened = opened;
  }

  /** Opens a folder; a symbolic link to one is followed only if `follow` says so. */
  static async open(path: string, follow: boolean, files = NODE_FILE_SYSTEM): Promise<FileRoot> {
    const real = follow ? await files.realpath(path) : path;
    return await FileRoot.#open(files, real, (handle, opened) =>
      baseOf(files, handle, real, opened),
    );
  }

  /** Opens a folder in this one, by its name; a symbolic link is not followed. */
  async openFolder(name: string): Promise<FileRoot> {
    const path = this.at(name);
    return await FileRoot.#open(this.files, path, async (handle, opened) => {
      // What holds for this one need not be asked again.
      if (handle === undefined || this.#base !== descriptorPath(this.fd)) return path;
      const base = descriptorPath(handle.fd);
      if (opened.dev === this.#opened.dev) noteSame(base, this.#base);
      return base;
    });
  }

  static async #open(
    files: FileSystem,
    path: string,
    baseOf: (handle: OpenFolder | undefined, opened: FileStat) => Promise<string>,
  ): Promise<FileRoot> {
    const handle = await files.openFolder(path);
    try {
      const opened = await (handle?.stat() ?? files.stat(path));
      return new FileRoot(files, handle, await baseOf(handle, opened), path, opened);
    } catch (error) {
      await handle?.close();
      throw error;
    }
  }

  /** What is in the folder. */
  async names(): Promise<string[]> {
    return await this.files.readFolder(this.#base, this.#opened.size);
  }

  /** A path that leads to `name` in this folder. */
  at(name: string): string {
    return `${this.#base}${sep}${name}`;
  }

  /** The folder itself, to be asked about its file system. */
  get path(): string {
    return this.#base;
  }

  /** Its descriptor, where there is one (not on Windows). */
  get fd(): number {
    return this.#handle?.fd ?? -1;
  }

  /** Throws `P2P_TARGET_UNWRITABLE` when the path has come to lead elsewhere. */
  async requireSame(): Promise<void> {
    const now = await this.files.stat(this.#path);
    if (now.dev === this.#opened.dev && now.ino === this.#opened.ino) return;
    throw new P2PShareError('P2P_TARGET_UNWRITABLE', 'the target folder was replaced');
  }

  /** Makes the names in the folder survive a power cut; Windows does that by itself. */
  async sync(): Promise<void> {
    if (this.#handle !== undefined) await syncFolder(this.#handle);
  }

  /** Never rejects: nothing was written through it that could be lost. */
  async close(): Promise<void> {
    forgetDescriptor(this.fd);
    await this.#handle?.close().catch(() => undefined);
  }
}

async function baseOf(
  files: FileSystem,
  handle: OpenFolder | undefined,
  path: string,
  opened: FileStat,
): Promise<string> {
  if (handle === undefined || process.platform !== 'linux') return path;
  const base = descriptorPath(handle.fd);
  // Where /proc is not mounted, the path has to do.
  const seen = await files.stat(base).catch(() => undefined);
  return seen?.dev === opened.dev && seen.ino === opened.ino ? base : path;
}
