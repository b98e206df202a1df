import { collisionKey, type EntryName } from './entry-name.ts';
import { TRANSFER_LIMITS } from './limits.ts';

interface Place {
  readonly name: EntryName;
  /** Absent for a file. */
  readonly children: Map<string, Place> | undefined;
}

/**
 * The paths of an offer, so that no two of them meet in one place on any file system: the same
 * name twice, names that differ in case or composition only, a file where a folder is (security
 * rule 4). Takes time and memory in proportion to the length of the paths.
 */
export class PathIndex {
  readonly #root = new Map<string, Place>();
  #places = 0;

  /** Whether the paths have more distinct places than an offer may have. */
  get overfull(): boolean {
    return this.#places > TRANSFER_LIMITS.places;
  }

  /** Adds the path of a file; false when it collides with one added before. */
  addFile(path: readonly EntryName[]): boolean {
    let folder = this.#root;
    for (const name of path.slice(0, -1)) {
      const children = this.#folderAt(folder, name);
      if (children === undefined) return false;
      folder = children;
    }
    const name = path[path.length - 1] as EntryName;
    const key = collisionKey(name);
    if (folder.has(key)) return false;
    folder.set(key, { name, children: undefined });
    this.#places += 1;
    return true;
  }

  #folderAt(parent: Map<string, Place>, name: EntryName): Map<string, Place> | undefined {
    const key = collisionKey(name);
    const known = parent.get(key);
    // Two spellings of one folder would be merged here and stay apart there.
    if (known !== undefined) return known.name === name ? known.children : undefined;
    const children = new Map<string, Place>();
    parent.set(key, { name, children });
    this.#places += 1;
    return children;
  }
}
