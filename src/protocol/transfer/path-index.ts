import { collisionKey, type EntryName } from './entry-name.ts';
import { TRANSFER_LIMITS } from './limits.ts';

interface Place {
  readonly name: EntryName;
  /** Absent for what is no folder. */
  readonly children: Map<string, Place> | undefined;
  /** Whether an entry stands for it; a folder may be just on the way to others. */
  isEntry: boolean;
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

  /** Adds the path of an entry; false when it collides with one added before. */
  add(path: readonly EntryName[], isFolder: boolean): boolean {
    let folder = this.#root;
    for (const name of path.slice(0, -1)) {
      const place = this.#folderAt(folder, name);
      if (place?.children === undefined) return false;
      folder = place.children;
    }
    const name = path[path.length - 1] as EntryName;
    if (!isFolder) return this.#addLeaf(folder, name);
    const place = this.#folderAt(folder, name);
    if (place?.children === undefined || place.isEntry) return false;
    place.isEntry = true;
    return true;
  }

  #addLeaf(folder: Map<string, Place>, name: EntryName): boolean {
    const key = collisionKey(name);
    if (folder.has(key)) return false;
    folder.set(key, { name, children: undefined, isEntry: true });
    this.#places += 1;
    return true;
  }

  #folderAt(parent: Map<string, Place>, name: EntryName): Place | undefined {
    const key = collisionKey(name);
    const known = parent.get(key);
    // Two spellings of one folder would be merged here and stay apart there.
    if (known !== undefined) return known.name === name ? known : undefined;
    const place = { name, children: new Map<string, Place>(), isEntry: false };
    parent.set(key, place);
    this.#places += 1;
    return place;
  }
}
