import { randomBytes } from 'node:crypto';
import { constants, type Stats } from 'node:fs';
import { type FileHandle, lstat, open, readdir, rename, stat, unlink } from 'node:fs/promises';
import { P2PShareError } from '../../protocol/errors.ts';
import { READ_FLAGS } from './file-calls.ts';
import { errnoOf } from './file-errors.ts';
import { FileRoot } from './file-root.ts';
import { NODE_FILE_SYSTEM } from './file-system.ts';
import { makeFolders } from './make-folders.ts';
import { takeName } from './take-name.ts';

/** Bytes of one file: the longest command line that Linux takes has 2 MiB, most have 200 bytes. */
export const MAX_STATE_BYTES: number = 4 * 2 ** 20;

/** Why a file of the folder is not believed. */
export type Distrust = 'not-a-file' | 'not-yours' | 'open-to-others' | 'too-large';

export type StateRead =
  | { readonly kind: 'bytes'; readonly bytes: Uint8Array }
  | { readonly kind: 'missing' }
  | { readonly kind: 'refused'; readonly why: Distrust };

/**
 * A private folder (0700) of small files (0600) that hold secrets. What belongs to another user, is
 * open to others, or is reached by a link is never believed, and a file is replaced whole or not at all.
 */
export class StateFolder {
  readonly #root: FileRoot;

  private constructor(root: FileRoot) {
    this.#root = root;
  }

  /**
   * Opens the folder, which is made when it is not there. Rejects with `P2P_STATE_UNSAFE` when it is
   * not ours alone, and with what the system says when it cannot be had.
   */
  static async open(path: string, files = NODE_FILE_SYSTEM): Promise<StateFolder> {
    await makeFolders(path, 0o700);
    const root = await FileRoot.open(path, false, files).catch((error: unknown) => {
      if (errnoOf(error) === 'ELOOP' || errnoOf(error) === 'ENOTDIR') throw unsafe('it is a link');
      throw error;
    });
    try {
      const { uid, mode } = await stat(root.path);
      if (!isOwn(uid)) throw unsafe('it belongs to another user');
      if (isOpen(mode)) throw unsafe('others may enter it');
      return new StateFolder(root);
    } catch (error) {
      await root.close();
      throw error;
    }
  }

  /** What it holds, sorted. */
  async names(): Promise<string[]> {
    return (await readdir(this.#root.path)).sort();
  }

  async read(name: string): Promise<StateRead> {
    let handle: FileHandle;
    try {
      handle = await open(this.#root.at(name), READ_FLAGS);
    } catch (error) {
      if (errnoOf(error) === 'ENOENT') return { kind: 'missing' };
      // A link, a socket, or somebody else's.
      if (REFUSALS.has(errnoOf(error) ?? '')) return { kind: 'refused', why: 'not-a-file' };
      throw error;
    }
    try {
      const stats = await handle.stat();
      const why = distrust(stats);
      if (why !== undefined) return { kind: 'refused', why };
      // One that grows meanwhile is no reason to take more memory.
      const bytes = new Uint8Array(stats.size);
      const { bytesRead } = await handle.read(bytes, 0, bytes.length, 0);
      return { kind: 'bytes', bytes: bytes.subarray(0, bytesRead) };
    } finally {
      await handle.close();
    }
  }

  /** Replaces a file, or makes it; one writer of a name at a time. It survives a power cut. */
  async write(name: string, bytes: Uint8Array): Promise<void> {
    const [target, draft] = [this.#root.at(name), this.#root.at(name + DRAFT)];
    await unlinkIfThere(draft);
    const handle = await open(draft, DRAFT_FLAGS, 0o600);
    try {
      await handle.writeFile(bytes);
      await handle.sync();
    } finally {
      await handle.close();
    }
    await rename(draft, target);
    await this.#root.sync();
  }

  /**
   * Makes a file that must not be there; whether it was not. It is whole at once, but where there are no
   * hard links (FAT, apps of Android): there it may be seen empty for a moment.
   */
  async create(name: string, bytes: Uint8Array): Promise<boolean> {
    const draft = this.#root.at(`${name}.${randomBytes(8).toString('hex')}${DRAFT}`);
    const handle = await open(draft, DRAFT_FLAGS, 0o600);
    try {
      await handle.writeFile(bytes).finally(() => handle.close());
      return await takeName(this.#root.files, draft, this.#root.at(name));
    } finally {
      await unlinkIfThere(draft);
    }
  }

  /** Removes a file, and what an interrupted `write` left of it. */
  async remove(name: string): Promise<void> {
    await unlinkIfThere(this.#root.at(name + DRAFT));
    await unlinkIfThere(this.#root.at(name));
  }

  /** Removes what writes left that were interrupted before `beforeMs`, in milliseconds since 1970. */
  async removeDrafts(beforeMs: number): Promise<void> {
    for (const name of await this.names()) {
      if (!name.endsWith(DRAFT)) continue;
      const path = this.#root.at(name);
      // Undefined where its writer has just ended.
      const stats = await lstat(path).catch(() => undefined);
      if (stats !== undefined && stats.mtimeMs < beforeMs) await unlinkIfThere(path);
    }
  }

  async close(): Promise<void> {
    await this.#root.close();
  }
}

/** How the names of files end that are not whole yet. */
const DRAFT = '.new';

const DRAFT_FLAGS =
  constants.O_WRONLY | constants.O_CREAT | constants.O_EXCL | (constants.O_NOFOLLOW ?? 0);
const REFUSALS: ReadonlySet<string> = new Set(['ELOOP', 'EISDIR', 'ENXIO', 'EACCES', 'EPERM']);

function unsafe(why: string): P2PShareError {
  return new P2PShareError('P2P_STATE_UNSAFE', `the state folder is refused: ${why}`);
}

function distrust(stats: Stats): Distrust | undefined {
  if (!stats.isFile()) return 'not-a-file';
  if (!isOwn(stats.uid)) return 'not-yours';
  if (isOpen(stats.mode)) return 'open-to-others';
  return stats.size > MAX_STATE_BYTES ? 'too-large' : undefined;
}

/** Windows has no such owners: there, a profile's folders are its user's. */
function isOwn(uid: number): boolean {
  return process.getuid === undefined || uid === process.getuid();
}

function isOpen(mode: number): boolean {
  return process.platform !== 'win32' && (mode & 0o077) !== 0;
}

async function unlinkIfThere(path: string): Promise<void> {
  await unlink(path).catch((error: unknown) => {
    if (errnoOf(error) !== 'ENOENT') throw error;
  });
}
