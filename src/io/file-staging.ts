import { basename } from 'node:path';
import { P2PShareError } from '../protocol/errors.ts';
import { FileRoot } from './file-root.ts';
import type { OpenFile } from './file-system.ts';

/** What staging folders are called; a name that no sender may use. */
const PREFIX = '.p2pshare-';
export const STAGED_FILE = 'file';

/** What the staging folders of a transfer begin with. */
export function stagingPrefix(id: string): string {
  return `${PREFIX}${id}-`;
}

/**
 * A private folder (0700) beside the target with one file (0600) in it, which holds what has come
 * until it is whole. On the same file system, so that publishing copies nothing.
 */
export class FileStaging {
  readonly #root: FileRoot;
  readonly #folder: FileRoot;
  readonly #name: string;
  /** The file, open for writing. */
  readonly handle: OpenFile;

  private constructor(root: FileRoot, folder: FileRoot, name: string, handle: OpenFile) {
    this.#root = root;
    this.#folder = folder;
    this.#name = name;
    this.handle = handle;
  }

  /** `id`: of the transfer, so that what is left after a death is known again (`removeLeftovers`). */
  static async create(root: FileRoot, id: string): Promise<FileStaging> {
    const name = basename(await root.files.createPrivateFolder(root.at(stagingPrefix(id))));
    let folder: FileRoot | undefined;
    try {
      folder = await FileRoot.open(root.at(name), false, root.files);
      const handle = await root.files.createFile(folder.at(STAGED_FILE), 0o600);
      return new FileStaging(root, folder, name, handle);
    } catch (error) {
      await folder?.close();
      await root.files.rmdir(root.at(name)).catch(() => undefined);
      throw error;
    }
  }

  /** What tells the file from all others, whatever it is called: device and inode. */
  async identity(): Promise<string> {
    const { dev, ino } = await this.handle.stat();
    return `${dev}:${ino}`;
  }

  /** A path of the file, valid while the staging is open. */
  get file(): string {
    return this.#folder.at(STAGED_FILE);
  }

  /** Throws `P2P_TARGET_UNWRITABLE` when the path has come to lead to another file than ours. */
  async requireSame(): Promise<void> {
    const ours = await this.handle.stat();
    const found = await this.#root.files.lstat(this.file);
    if (found.dev === ours.dev && found.ino === ours.ino) return;
    throw new P2PShareError('P2P_TARGET_UNWRITABLE', 'the staged file was replaced');
  }

  /** Closes the file and removes it, if it has not moved on, and the folder; nothing else. */
  async remove(): Promise<void> {
    await this.handle.close().catch(() => undefined);
    await this.#root.files.unlink(this.file).catch(() => undefined);
    await this.#folder.close().catch(() => undefined);
    // Not recursive: what somebody else has put there is not ours to delete.
    await this.#root.files.rmdir(this.#root.at(this.#name)).catch(() => undefined);
  }
}
