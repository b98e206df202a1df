import type { Entries, Entry } from './entry.ts';
import { areSiblings, type EntryName } from './entry-name.ts';

const PAGE_LOG = 10;
const PAGE_ENTRIES = 2 ** PAGE_LOG;

const Kind = { file: 0, folder: 1, link: 2, stream: 3, text: 4 } as const;

/** Some entries by what they have, and not one by one. */
class Page {
  readonly kinds = new Uint8Array(PAGE_ENTRIES);
  readonly modes = new Uint16Array(PAGE_ENTRIES);
  readonly mtimes = new Float64Array(PAGE_ENTRIES);
  readonly sizes = new Float64Array(PAGE_ENTRIES);
  readonly versions = new BigUint64Array(PAGE_ENTRIES);
  /** What each is in: a number of `EntryTable.#folders`. */
  readonly folders = new Uint32Array(PAGE_ENTRIES);
  readonly names: EntryName[] = [];
}

/**
 * The entries of an offer, of which there may be a million: each takes some 75 bytes instead of 300, and
 * is put together when it is asked for.
 */
export class EntryTable implements Entries {
  readonly #pages: Page[] = [];
  /** The paths that entries are in; one that others have come between stands here again. */
  readonly #folders: (readonly EntryName[])[] = [];
  readonly #targets = new Map<number, string>();
  /** The path that was added last. */
  #before: readonly EntryName[] | undefined;
  #length = 0;
  /** What was asked for last: a large file is asked for again and again. */
  #last: { readonly index: number; readonly entry: Entry } | undefined;

  get length(): number {
    return this.#length;
  }

  push(entry: Entry): void {
    const index = this.#length;
    const row = index % PAGE_ENTRIES;
    if (row === 0) this.#pages.push(new Page());
    const page = this.#pages[index >>> PAGE_LOG] as Page;
    const { kind, path, size, mtimeMs, mode } = entry;
    page.kinds[row] = kind === 'file' && entry.isText === true ? Kind.text : Kind[kind];
    page.modes[row] = mode;
    page.mtimes[row] = mtimeMs;
    page.sizes[row] = size;
    if (kind === 'file') page.versions[row] = entry.version;
    if (kind === 'link') this.#targets.set(index, entry.target);
    page.folders[row] = this.#folderOf(path);
    page.names.push(path[path.length - 1] as EntryName);
    this.#length += 1;
  }

  at(index: number): Entry | undefined {
    if (this.#last?.index === index) return this.#last.entry;
    if (!(index >= 0 && index < this.#length)) return undefined;
    const entry = this.#read(index);
    this.#last = { index, entry };
    return entry;
  }

  *entries(): IterableIterator<[number, Entry]> {
    for (let index = 0; index < this.#length; index += 1) yield [index, this.#read(index)];
  }

  *[Symbol.iterator](): IterableIterator<Entry> {
    for (let index = 0; index < this.#length; index += 1) yield this.#read(index);
  }

  #read(index: number): Entry {
    const page = this.#pages[index >>> PAGE_LOG] as Page;
    const row = index % PAGE_ENTRIES;
    const folder = this.#folders[page.folders[row] as number] as readonly EntryName[];
    const path = [...folder, page.names[row] as EntryName];
    const mtimeMs = page.mtimes[row] as number;
    const mode = page.modes[row] as number;
    const size = page.sizes[row] as number;
    const version = page.versions[row] as bigint;
    switch (page.kinds[row]) {
      case Kind.text:
        return { kind: 'file', path, size, mtimeMs, mode, version, isText: true };
      case Kind.folder:
        return { kind: 'folder', path, size: 0, mtimeMs, mode };
      case Kind.link: {
        const target = this.#targets.get(index) as string;
        return { kind: 'link', path, size: 0, mtimeMs, mode, target };
      }
      case Kind.stream:
        return { kind: 'stream', path, size: 0, mtimeMs, mode };
      default:
        return { kind: 'file', path, size, mtimeMs, mode, version };
    }
  }

  /** The number of the folder that a path is in: that of the one before, where it is the same. */
  #folderOf(path: readonly EntryName[]): number {
    if (this.#before === undefined || !areSiblings(this.#before, path)) {
      this.#folders.push(path.slice(0, -1));
    }
    this.#before = path;
    return this.#folders.length - 1;
  }
}
