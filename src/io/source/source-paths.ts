import { sep } from 'node:path';
import type { Entries } from '../../protocol/transfer/entries/entry.ts';

/**
 * Where on the disk entries are. There may be a million, and almost all of them are called there as they
 * are offered: only their folders are kept, and those that are not.
 */
export class SourcePaths {
  readonly #entries: Entries;
  /** Folders that entries from a number on are in, until the next one. */
  readonly #folders: { readonly first: number; readonly local: string }[] = [];
  readonly #others = new Map<number, string>();

  /** `entries` may still grow. */
  constructor(entries: Entries) {
    this.#entries = entries;
  }

  /** Notes where the entry is that was added last, and how it is offered. */
  note(local: string, name: string): void {
    const index = this.#entries.length - 1;
    const end = `${sep}${name}`;
    if (!local.endsWith(end)) {
      this.#others.set(index, local);
      return;
    }
    const known = this.#folders[this.#folders.length - 1]?.local;
    const length = local.length - end.length;
    if (known?.length === length && local.startsWith(known)) return;
    this.#folders.push({ first: index, local: local.slice(0, length) });
  }

  of(index: number): string {
    const other = this.#others.get(index);
    return other ?? `${this.#folderAt(index)}${sep}${this.#entries.at(index)?.path.at(-1)}`;
  }

  /** The last folder that begins at this entry or before it. */
  #folderAt(index: number): string {
    let [low, high] = [0, this.#folders.length - 1];
    while (low < high) {
      const middle = (low + high + 1) >>> 1;
      if ((this.#folders[middle]?.first ?? 0) <= index) low = middle;
      else high = middle - 1;
    }
    return this.#folders[low]?.local ?? '';
  }
}
