import { type BigIntStats, constants } from 'node:fs';
import { type FileHandle, open, realpath, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { P2PShareError } from '../protocol/errors.ts';

/**
 * A folder that stays the same folder, whatever happens to its path: on Linux names in it are
 * reached through its descriptor (security rule 8). Elsewhere they are reached by its real path,
 * and `requireSame` tells before anything final whether that still leads here.
 */
export class FileRoot {
  readonly #handle: FileHandle | undefined;
  readonly #base: string;
  readonly #path: string;
  readonly #opened: BigIntStats;

  private constructor(
    handle: FileHandle | undefined,
    base: string,
    path: string,
    opened: BigIntStats,
  ) {
    this.#handle = handle;
    this.#base = base;
    this.#path = path;
    this.#opened = opened;
  }

  /** Opens a folder; a symbolic link to one is followed only if `follow` says so. */
  static async open(path: string, follow: boolean): Promise<FileRoot> {
    const real = follow ? await realpath(path) : path;
    // Windows opens no folders, and has none of these flags.
    const flags = (constants.O_DIRECTORY ?? 0) | (constants.O_NOFOLLOW ?? 0);
    const handle =
      process.platform === 'win32' ? undefined : await open(real, constants.O_RDONLY | flags);
    try {
      const opened = await (handle?.stat({ bigint: true }) ?? stat(real, { bigint: true }));
      return new FileRoot(handle, await baseOf(handle, real, opened), real, opened);
    } catch (error) {
      await handle?.close();
      throw error;
    }
  }

  /** A path that leads to `name` in this folder. */
  at(name: string): string {
    return join(this.#base, name);
  }

  /** The folder itself, to be asked about its file system. */
  get path(): string {
    return this.#base;
  }

  /** Throws `P2P_TARGET_UNWRITABLE` when the path has come to lead elsewhere. */
  async requireSame(): Promise<void> {
    const now = await stat(this.#path, { bigint: true });
    if (now.dev === this.#opened.dev && now.ino === this.#opened.ino) return;
    throw new P2PShareError('P2P_TARGET_UNWRITABLE', 'the target folder was replaced');
  }

  /** Makes the names in the folder survive a power cut; Windows does that by itself. */
  async sync(): Promise<void> {
    await this.#handle?.sync();
  }

  async close(): Promise<void> {
    await this.#handle?.close();
  }
}

async function baseOf(
  handle: FileHandle | undefined,
  path: string,
  opened: BigIntStats,
): Promise<string> {
  if (handle === undefined || process.platform !== 'linux') return path;
  const base = `/proc/self/fd/${handle.fd}`;
  // Where /proc is not mounted, the path has to do.
  const seen = await stat(base, { bigint: true }).catch(() => undefined);
  return seen?.dev === opened.dev && seen.ino === opened.ino ? base : path;
}
