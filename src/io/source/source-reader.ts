import type { BigIntStats } from 'node:fs';
import { P2PShareError } from '../../protocol/errors.ts';
import type { FileEntry } from '../../protocol/transfer/entries/entry.ts';
import {
  closeFile,
  MAX_IN_PLACE_BYTES,
  openFile,
  READ_FLAGS,
  readFile,
  statFile,
  statPath,
  takeFile,
} from '../files/file-calls.ts';
import { asFileError } from '../files/file-errors.ts';
import type { SourceScan } from './source-scan.ts';
import type { EntryReader } from './stream-reader.ts';
import type { VersionTags } from './version-tag.ts';

/** Files kept open that nobody reads from at the moment. */
const MAX_IDLE = 8;
/** How often a long file is compared with what it was. */
const CHECK_EVERY_BYTES = 16 * 2 ** 20;
/** How many files are looked at side by side at the end. */
const AT_ONCE = 32;

interface OpenSource {
  readonly fd: Promise<number>;
  readers: number;
  unchecked: number;
  /** Whether its last byte has been read, if not by everybody who is at it. */
  isAtEnd: boolean;
}

/** Reads what a scan has found. It fails as soon as anybody else has touched a file. */
export class SourceReader implements EntryReader {
  readonly #scan: SourceScan;
  readonly #tagOf: VersionTags;
  /** In the order of their last use. */
  readonly #open = new Map<number, OpenSource>();
  /** What was found to be wrong with files, and whether whoever reads them was told. */
  readonly #failures = new Map<number, { readonly error: unknown; isTold: boolean }>();

  /** `tagOf`: that of the scan. */
  constructor(scan: SourceScan, tagOf: VersionTags) {
    this.#scan = scan;
    this.#tagOf = tagOf;
  }

  /**
   * Reads at `offset` of an entry until `into` is full or the file ends; yields the number of bytes.
   * Throws `P2P_SOURCE_CHANGED` when the file is not what it was in the scan; that is looked at every
   * 16 MiB and, above all, with the first and the last byte.
   */
  async read(entry: number, offset: number, into: Uint8Array): Promise<number> {
    return await asFileError('source', async () => {
      const failure = this.#failures.get(entry);
      if (failure !== undefined) {
        failure.isTold = true;
        throw failure.error;
      }
      const { size } = this.#entry(entry);
      const isAll = offset === 0 && into.length >= size && size <= MAX_IN_PLACE_BYTES;
      if (isAll && !this.#open.has(entry)) return await this.#take(entry, into);
      const source = this.#use(entry);
      try {
        return await this.#readOf(source, entry, { offset, into });
      } catch (error) {
        this.#failures.set(entry, { error, isTold: true });
        throw error;
      } finally {
        source.readers -= 1;
        const isLeft = source.readers === 0 && this.#failures.has(entry);
        if (isLeft) await this.#release(entry, source);
        await this.#closeIdle();
      }
    });
  }

  /**
   * Throws `P2P_SOURCE_CHANGED` when an empty file is none any more, which was never read, unless it
   * `isLenient`, or when one has changed of which the last byte was not wanted.
   */
  async finish(isLenient: boolean): Promise<void> {
    const { entries, pathOf } = this.#scan;
    const empty: number[] = [];
    for (const [index, { kind, size }] of isLenient ? [] : entries.entries()) {
      if (kind === 'file' && size === 0) empty.push(index);
    }
    await asFileError('source', async () => {
      for (const { error, isTold } of this.#failures.values()) {
        if (!isLenient || !isTold) throw error;
      }
      for (const [entry, { fd }] of this.#open) {
        // One that has failed may still be read from.
        if (!this.#failures.has(entry)) await this.#requireSame(entry, await fd);
      }
      for (let first = 0; first < empty.length; first += AT_ONCE) {
        const some = empty.slice(first, first + AT_ONCE);
        await Promise.all(
          some.map(async (entry) => {
            const stats = await statPath(pathOf(entry));
            if (this.#tagOf(stats) !== this.#entry(entry).version) throw this.#changed(entry);
          }),
        );
      }
    });
  }

  async close(): Promise<void> {
    const sources = [...this.#open.values()];
    this.#open.clear();
    for (const { fd } of sources) await closeQuietly(fd);
  }

  async #readOf(
    source: OpenSource,
    entry: number,
    { offset, into }: { readonly offset: number; readonly into: Uint8Array },
  ): Promise<number> {
    const { size } = this.#entry(entry);
    const fd = await source.fd;
    const isFirst = source.unchecked === 0;
    // Not a byte of another file leaves: where it is read in one go, it is looked at behind it.
    if (isFirst && into.length < size) await this.#requireSame(entry, fd);
    const length = await readFile(fd, into, offset);
    source.unchecked += length;
    source.isAtEnd ||= length < into.length || offset + length >= size;
    if (source.isAtEnd || source.unchecked >= CHECK_EVERY_BYTES) {
      await this.#requireSame(entry, fd);
      source.unchecked = 1;
    }
    if (source.isAtEnd) await this.#release(entry, source);
    return length;
  }

  /** Reads a small file in one piece. */
  async #take(entry: number, into: Uint8Array): Promise<number> {
    const path = this.#scan.pathOf(entry);
    const { length, stats } = await takeFile(path, READ_FLAGS, into);
    this.#requireVersion(entry, stats);
    return length;
  }

  #use(entry: number): OpenSource {
    const source = this.#open.get(entry) ?? {
      fd: openFile(this.#scan.pathOf(entry), READ_FLAGS),
      readers: 0,
      unchecked: 0,
      isAtEnd: false,
    };
    source.readers += 1;
    this.#open.delete(entry);
    this.#open.set(entry, source);
    return source;
  }

  /** Nobody is going to ask for it again, unless it is being asked already. */
  async #release(entry: number, source: OpenSource): Promise<void> {
    if (source.readers > 1) return;
    this.#open.delete(entry);
    await closeQuietly(source.fd);
  }

  async #closeIdle(): Promise<void> {
    if (this.#open.size <= MAX_IDLE) return;
    for (const [entry, { fd, readers }] of this.#open) {
      if (readers > 0) continue;
      this.#open.delete(entry);
      try {
        await this.#requireSame(entry, await fd);
      } catch (error) {
        // It is another one that is being read.
        this.#failures.set(entry, { error, isTold: false });
      } finally {
        await closeQuietly(fd);
      }
      return;
    }
  }

  async #requireSame(entry: number, fd: number): Promise<void> {
    this.#requireVersion(entry, await statFile(fd));
  }

  #requireVersion(entry: number, stats: BigIntStats): void {
    if (stats.isFile() && this.#tagOf(stats) === this.#entry(entry).version) return;
    throw this.#changed(entry);
  }

  #changed(entry: number): P2PShareError {
    const path = this.#scan.pathOf(entry);
    return new P2PShareError('P2P_SOURCE_CHANGED', 'the file changed while it was sent', { path });
  }

  #entry(entry: number): FileEntry {
    return this.#scan.entries.at(entry) as FileEntry;
  }
}

async function closeQuietly(fd: Promise<number>): Promise<void> {
  await fd.then(closeFile).catch(() => undefined);
}
