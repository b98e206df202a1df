import { setAttributes, syncFolder } from '../files/file-attributes.ts';
import { errnoOf } from '../files/file-errors.ts';
import type { FileRoot } from '../files/file-root.ts';
import { clampedSeconds } from './staged-file.ts';
import { TREE } from './staging-folder.ts';

/** The name below the staging folder of what is at `path` in the offer; that of the tree without any. */
export function stagedName(path: readonly string[]): string {
  return [TREE, ...path].join('/');
}

/** The folders of an offer on their way in: each is made once, and synced where it has new names in it. */
export class StagedFolders {
  readonly #staging: FileRoot;
  /** Being made, or there. */
  readonly #made = new Map<string, Promise<void>>();
  /** With names in them that may be lost with the power. */
  readonly #touched = new Set<string>();

  constructor(staging: FileRoot) {
    this.#staging = staging;
  }

  /** Makes a folder and those above it; yields its name below the staging folder. */
  async ensure(path: readonly string[]): Promise<string> {
    const name = stagedName(path);
    if (path.length === 0) return name;
    // Of several files that come for a new folder at once the first makes it.
    const known = this.#made.get(name);
    const made = known ?? this.#make(name, path.slice(0, -1));
    if (known === undefined) this.#made.set(name, made);
    await made;
    return name;
  }

  /** Whether `ensure` has made it, or found it. */
  isMade(path: readonly string[]): boolean {
    return this.#made.has(stagedName(path));
  }

  /** Remembers that there are new names in a folder. */
  touch(name: string): void {
    this.#touched.add(name);
  }

  /** Those with new names in them since the last call. */
  takeTouched(): string[] {
    const names = [...this.#touched];
    this.#touched.clear();
    return names;
  }

  /** Gives a folder, if it is there, its mode and time (in milliseconds since 1970). */
  async finish(path: readonly string[], mode: number, mtimeMs: number): Promise<void> {
    const name = stagedName(path);
    const folder = await this.#staging.files.openFolder(this.#staging.at(name));
    if (folder === undefined) return;
    try {
      await setAttributes(folder, { mode, modified: clampedSeconds(mtimeMs) });
      this.touch(name);
    } finally {
      await folder.close();
    }
  }

  async sync(name: string): Promise<void> {
    const folder = await this.#staging.files.openFolder(this.#staging.at(name));
    try {
      if (folder !== undefined) await syncFolder(folder);
    } finally {
      await folder?.close();
    }
  }

  async #make(name: string, above: readonly string[]): Promise<void> {
    try {
      const parent = await this.ensure(above);
      await this.#staging.files.makeFolder(this.#staging.at(name));
      this.touch(parent);
    } catch (error) {
      if (errnoOf(error) === 'EEXIST') return;
      this.#made.delete(name);
      throw error;
    }
  }
}
