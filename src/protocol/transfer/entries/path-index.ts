import { TRANSFER_LIMITS } from '../limits.ts';
import { areSiblings, collisionKey, type EntryName } from './entry-name.ts';

type Places = Map<string, Place>;

interface Place {
  readonly name: EntryName;
  /** Absent for what is no folder, and for one that is closed. */
  children: Places | undefined;
  /** Whether an entry stands for it; a folder may be just on the way to others. */
  isEntry: boolean;
}

/** What is no folder. One for all, because there may be a million. */
const LEAF: Place = { name: '' as EntryName, children: undefined, isEntry: true };

/**
 * The paths of an offer, so that no two of them meet in one place on any file system: the same
 * name twice, names that differ in case or composition only, a file where a folder is (security
 * rule 4). Takes time and memory in proportion to the length of the paths.
 */
export class PathIndex {
  readonly #root: Places = new Map();
  #places = 0;
  /** Where the path that was added last was put: others of its folder follow. */
  #last: { readonly path: readonly EntryName[]; readonly folder: Places } | undefined;

  /** Whether the paths have more distinct places than an offer may have. */
  get overfull(): boolean {
    return this.#places > TRANSFER_LIMITS.places;
  }

  /** Adds the path of an entry; false when it collides with one added before. */
  add(path: readonly EntryName[], isFolder: boolean): boolean {
    const folder = this.#folderOf(path);
    if (folder === undefined) return false;
    this.#last = { path, folder };
    const name = path[path.length - 1] as EntryName;
    if (!isFolder) return this.#addLeaf(folder, name);
    const place = this.#folderAt(folder, name);
    if (place?.children === undefined || place.isEntry) return false;
    place.isEntry = true;
    return true;
  }

  /** Everything below a folder has been added: what follows there collides, and its memory is free. */
  close(path: readonly EntryName[]): void {
    const place = this.#folderOf(path)?.get(collisionKey(path[path.length - 1] as EntryName));
    if (place !== undefined) place.children = undefined;
    this.#last = undefined;
  }

  /** The folder that something is in. */
  #folderOf(path: readonly EntryName[]): Places | undefined {
    if (this.#last !== undefined && areSiblings(this.#last.path, path)) return this.#last.folder;
    let folder = this.#root;
    for (const name of path.slice(0, -1)) {
      const place = this.#folderAt(folder, name);
      if (place?.children === undefined) return undefined;
      folder = place.children;
    }
    return folder;
  }

  #addLeaf(folder: Places, name: EntryName): boolean {
    const key = collisionKey(name);
    if (folder.has(key)) return false;
    folder.set(key, LEAF);
    this.#places += 1;
    return true;
  }

  #folderAt(parent: Places, name: EntryName): Place | undefined {
    const key = collisionKey(name);
    const known = parent.get(key);
    // Two spellings of one folder would be merged here and stay apart there.
    if (known !== undefined) return known.name === name ? known : undefined;
    const place: Place = { name, children: new Map(), isEntry: false };
    parent.set(key, place);
    this.#places += 1;
    return place;
  }
}
