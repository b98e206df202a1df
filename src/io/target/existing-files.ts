import type { Entry } from '../../protocol/transfer/entries/entry.ts';
import type { FileStat } from '../files/file-system.ts';

const PAGE_LOG = 10;
const PAGE_ENTRIES = 2 ** PAGE_LOG;

class Page {
  readonly isThere = new Uint8Array(PAGE_ENTRIES);
  readonly devs = new BigUint64Array(PAGE_ENTRIES);
  readonly inos = new BigUint64Array(PAGE_ENTRIES);
  readonly sizes = new Float64Array(PAGE_ENTRIES);
  readonly mtimes = new Float64Array(PAGE_ENTRIES);
}

/** What tells a file that is there from another one, and from what it was. */
export type ExistingFile = Pick<FileStat, 'dev' | 'ino' | 'size' | 'mtimeMs'>;

/** FAT keeps times to two seconds; what is of about the same time is compared in any case. */
const TIME_STEP_MS = 2000;

/** Whether an entry is taken for unchanged, if its bytes are. */
export function isProbablySame(file: ExistingFile | undefined, entry: Entry | undefined): boolean {
  if (entry?.kind !== 'file' || file === undefined) return false;
  const apartMs = Math.abs(file.mtimeMs - entry.mtimeMs);
  return file.size === entry.size && apartMs < TIME_STEP_MS;
}

/** Files at the places of entries, by index: 33 bytes for each of what may be a million. */
export class ExistingFiles {
  readonly #pages = new Map<number, Page>();

  set(index: number, { dev, ino, size, mtimeMs }: ExistingFile): void {
    const page = this.#pages.get(index >>> PAGE_LOG) ?? new Page();
    this.#pages.set(index >>> PAGE_LOG, page);
    const row = index % PAGE_ENTRIES;
    page.isThere[row] = 1;
    page.devs[row] = dev;
    page.inos[row] = ino;
    page.sizes[row] = size;
    page.mtimes[row] = mtimeMs;
  }

  get(index: number): ExistingFile | undefined {
    const page = this.#pages.get(index >>> PAGE_LOG);
    const row = index % PAGE_ENTRIES;
    if (page?.isThere[row] !== 1) return undefined;
    return {
      dev: page.devs[row] as bigint,
      ino: page.inos[row] as bigint,
      size: page.sizes[row] as number,
      mtimeMs: page.mtimes[row] as number,
    };
  }

  /** In the order in which they were set, page by page. */
  *indices(): IterableIterator<number> {
    for (const [number, { isThere }] of this.#pages) {
      for (let row = 0; row < PAGE_ENTRIES; row += 1) {
        if (isThere[row] === 1) yield number * PAGE_ENTRIES + row;
      }
    }
  }
}
