import { P2PShareError } from '../../protocol/errors.ts';
import { errnoOf, isNameTaken } from '../files/file-errors.ts';
import type { FileRoot } from '../files/file-root.ts';
import type { FileStat, FileSystem } from '../files/file-system.ts';
import type { SyncFileSystem } from '../files/sync-filesystem.ts';
import { numberedName } from './file-numbered-name.ts';
import { MAX_NUMBER, type OnConflict, publish, requireReplaceable } from './file-publish.ts';
import { unlessGone } from './staging-folder.ts';

/** What became of something at the top of a transfer. */
export interface Published {
  /** The name under which it was offered. */
  readonly offered: string;
  /** Its final name. */
  readonly name: string;
  /** `merged`: a folder whose content went into one that was there. */
  readonly status: 'written' | 'renamed' | 'overwritten' | 'skipped' | 'merged';
}

type Outcome = Omit<Published, 'offered'>;

/** Gives what is staged its final names, by the same rule for everything that is in the way. */
export class TreePublisher {
  readonly #files: FileSystem;
  readonly #onConflict: OnConflict;
  readonly #syncAll: SyncFileSystem | undefined;
  /** Whether folders below the target have new names that may be lost with the power. */
  #isUnsynced = false;

  constructor(files: FileSystem, onConflict: OnConflict, syncAll: SyncFileSystem | undefined) {
    this.#files = files;
    this.#onConflict = onConflict;
    this.#syncAll = syncAll;
  }

  /**
   * Gives all that is in the folder `staged` its name in the folder `target`, the same or the one that is
   * given; durable when it resolves. Some of it may have both names then: what is staged can be removed,
   * and no earlier, so that no loss of power takes both. After a death in the middle, the same again goes
   * on.
   */
  async publish(staged: FileRoot, target: FileRoot, topName?: string): Promise<Published[]> {
    const published = await this.#publishAll(staged, target, topName);
    await target.sync();
    if (this.#isUnsynced) await this.#syncAll?.(target.fd);
    return published;
  }

  async #publishAll(
    staged: FileRoot,
    target: FileRoot,
    topName: string | undefined,
  ): Promise<Published[]> {
    const published: Published[] = [];
    for (const name of (await staged.names()).sort()) {
      const what = await this.#publish(staged, name, target, topName ?? name);
      published.push({ offered: name, ...what });
    }
    return published;
  }

  async #publish(
    staged: FileRoot,
    name: string,
    target: FileRoot,
    final: string,
  ): Promise<Outcome> {
    const { kind } = await this.#files.lstat(staged.at(name));
    if (kind === 'folder') return await this.#publishFolder(staged, name, target, final);
    const overwrites = this.#onConflict === 'overwrite';
    const there = overwrites ? await this.#look(target, final) : undefined;
    try {
      const path = staged.at(name);
      if (overwrites) requireReplaceable(there);
      const given =
        kind === 'link'
          ? await this.#publishLink(path, target, final)
          : await publish(path, target, final, this.#onConflict);
      if (given !== final) return { name: given, status: 'renamed' };
      return { name: final, status: there === undefined ? 'written' : 'overwritten' };
    } catch (error) {
      if (this.#onConflict !== 'skip' || !isNameTaken(error)) throw error;
      return { name: final, status: 'skipped' };
    }
  }

  async #publishFolder(
    staged: FileRoot,
    name: string,
    target: FileRoot,
    final: string,
  ): Promise<Outcome> {
    const there = await this.#look(target, final);
    if (there === undefined && (await this.#move(staged.at(name), target.at(final)))) {
      return { name: final, status: 'written' };
    }
    if (there === undefined || there.kind === 'folder') {
      if (this.#onConflict === 'fail') throw taken();
      await this.#merge(await staged.openFolder(name), target, final);
      return { name: final, status: 'merged' };
    }
    if (this.#onConflict === 'skip') return { name: final, status: 'skipped' };
    for (let number = 1; this.#onConflict === 'rename' && number <= MAX_NUMBER; number += 1) {
      const numbered = numberedName(final, number);
      if ((await this.#look(target, numbered)) !== undefined) continue;
      if (await this.#move(staged.at(name), target.at(numbered))) {
        return { name: numbered, status: 'renamed' };
      }
    }
    throw taken();
  }

  /** Closes `staged`. */
  async #merge(staged: FileRoot, target: FileRoot, name: string): Promise<void> {
    try {
      const into = await target.openFolder(name);
      try {
        await this.#publishAll(staged, into, undefined);
        if (this.#syncAll === undefined) await into.sync();
        else this.#isUnsynced = true;
      } finally {
        await into.close();
      }
    } finally {
      await staged.close();
    }
  }

  /** False when something is there; a rename replaces nothing but a folder that is empty. */
  async #move(staged: string, final: string): Promise<boolean> {
    try {
      await this.#files.rename(staged, final);
      return true;
    } catch (error) {
      if (IN_THE_WAY.has(errnoOf(error) ?? '')) return false;
      throw error;
    }
  }

  async #publishLink(staged: string, target: FileRoot, final: string): Promise<string> {
    const text = await this.#files.readlink(staged);
    const there = await this.#look(target, final);
    if (there?.kind === 'link' && (await this.#files.readlink(target.at(final))) === text) {
      return final;
    }
    if (this.#onConflict === 'overwrite' && there !== undefined) {
      await this.#files.rename(staged, target.at(final));
      return final;
    }
    return await this.#makeLink(text, target, final);
  }

  async #makeLink(text: string, target: FileRoot, final: string): Promise<string> {
    const last = this.#onConflict === 'rename' ? MAX_NUMBER : 0;
    for (let number = 0; number <= last; number += 1) {
      const name = number === 0 ? final : numberedName(final, number);
      try {
        // Like link(2), this never replaces anything.
        await this.#files.symlink(text, target.at(name));
        return name;
      } catch (error) {
        if (errnoOf(error) !== 'EEXIST') throw error;
      }
    }
    throw taken();
  }

  async #look(root: FileRoot, name: string): Promise<FileStat | undefined> {
    return await this.#files.lstat(root.at(name)).catch((error: unknown) => {
      unlessGone(error);
      return undefined;
    });
  }
}

const IN_THE_WAY: ReadonlySet<string> = new Set(['EEXIST', 'ENOTEMPTY', 'ENOTDIR', 'EISDIR']);

function taken(): P2PShareError {
  return new P2PShareError('P2P_TARGET_EXISTS', 'the final name is taken');
}
