import { join } from 'node:path';
import { P2PShareError } from '../protocol/errors.ts';
import type { FileEntry } from '../protocol/transfer/entry.ts';
import { asFileError } from './file-errors.ts';
import { type DenseRun, denseRuns } from './file-holes.ts';
import { type OnConflict, publish, requireReplaceable } from './file-publish.ts';
import { FileRoot } from './file-root.ts';
import { requireSpace } from './file-space.ts';
import { FileStaging } from './file-staging.ts';
import type { FileSystem } from './file-system.ts';
import { isTaken, placeOf, type Target } from './file-target.ts';

/** A file that is being received: it has no final name before `publish`. */
export interface FileSink {
  /** Whether each write has to begin where the one before it ended, the first at 0. */
  readonly inOrder: boolean;
  /**
   * Writes these buffers one after another from `offset` on; long runs of zeros become holes, so
   * each byte is written once. Calls may overlap; they are carried
   * out in turn, because parallel writes to one file only wait for each other in the kernel.
   */
  write(offset: number, buffers: readonly Uint8Array[]): Promise<void>;
  /** What tells the file from all others, before it has its name and after; a stream has none. */
  identity?(): Promise<string>;
  /** Makes the file durable and gives it its final name; yields its path. Ends the sink. */
  publish(): Promise<string>;
  /** Removes what the sink has made, and only that. Does nothing after `publish`. */
  discard(): Promise<void>;
}

export interface SinkOptions {
  readonly target: Target;
  readonly entry: FileEntry;
  /** `fail` and `skip` both leave what exists: `P2P_TARGET_EXISTS` before any data. */
  readonly onConflict: OnConflict;
  /** Names the staging folder, so that it is known again after a death; letters and digits. */
  readonly id?: string;
  /** Where it is written; the file system of this machine by default. */
  readonly files?: FileSystem;
}

/**
 * Prepares to receive a file: looks whether the name is free and the space enough before any data
 * comes, then makes a private staging place in the target folder. Throws `P2P_TARGET_EXISTS`,
 * `P2P_TARGET_UNWRITABLE`, `P2P_DISK_FULL` or `P2P_LOCAL_IO`.
 */
export async function openSink(options: SinkOptions): Promise<FileSink> {
  const { target, entry, onConflict, files, id = 'once' } = options;
  const place = placeOf(target, entry.path[entry.path.length - 1] as (typeof entry.path)[number]);
  return await asFileError('target', async () => {
    const root = await FileRoot.open(place.directory, true, files);
    try {
      await requireFreeName(root, place.name, onConflict);
      await requireSpace(root, entry.size);
      return new StagedFile(options, place, root, await FileStaging.create(root, id));
    } catch (error) {
      await root.close();
      throw error;
    }
  });
}

async function requireFreeName(
  root: FileRoot,
  name: string,
  onConflict: OnConflict,
): Promise<void> {
  if (onConflict === 'rename') return;
  if (onConflict === 'overwrite') return await requireReplaceable(root, name);
  if (!(await isTaken(root, name))) return;
  throw new P2PShareError('P2P_TARGET_EXISTS', 'the final name is taken');
}

/**
 * How much is written before the disk is asked to begin: the kernel would let a whole GiB wait for
 * the sync at the end, and the disk stand idle until then.
 */
const FLUSH_BYTES = 64 * 1024 * 1024;

class StagedFile implements FileSink {
  readonly inOrder = false;
  readonly #options: SinkOptions;
  readonly #place: { readonly directory: string; readonly name: string };
  readonly #root: FileRoot;
  readonly #staging: FileStaging;
  #lastWrite: Promise<void> = Promise.resolve();
  #flush: Promise<void> | undefined;
  #flushFailed = false;
  #unflushedBytes = 0;
  /** How long the file is; shorter than it should be while it ends in a hole. */
  #writtenEnd = 0;
  #ended = false;

  constructor(
    options: SinkOptions,
    place: { readonly directory: string; readonly name: string },
    root: FileRoot,
    staging: FileStaging,
  ) {
    this.#options = options;
    this.#place = place;
    this.#root = root;
    this.#staging = staging;
  }

  async write(offset: number, buffers: readonly Uint8Array[]): Promise<void> {
    const length = buffers.reduce((sum, buffer) => sum + buffer.length, 0);
    if (offset + length > this.#options.entry.size) {
      throw new Error('unreachable: write beyond the declared size');
    }
    const before = this.#lastWrite;
    // A write that failed has told its caller; those behind it fail or succeed by themselves.
    const write = before.catch(() => undefined).then(() => this.#writeAll(offset, buffers));
    this.#lastWrite = write;
    await asFileError('target', () => write);
  }

  async identity(): Promise<string> {
    return await asFileError('target', () => this.#staging.identity());
  }

  async publish(): Promise<string> {
    return await asFileError('target', async () => {
      await this.#lastWrite;
      // The kernel tells a failed write to the disk once: a sync after it would succeed.
      await this.#flush;
      await this.#prepare();
      await this.#root.requireSame();
      await this.#staging.requireSame();
      const { name } = this.#place;
      const { onConflict } = this.#options;
      const published = await publish(this.#staging.file, this.#root, name, onConflict);
      await this.#end();
      return join(this.#place.directory, published);
    });
  }

  async discard(): Promise<void> {
    if (this.#ended) return;
    this.#ended = true;
    await this.#lastWrite.catch(() => undefined);
    await this.#flush?.catch(() => undefined);
    await this.#staging.remove();
    await this.#root.close().catch(() => undefined);
  }

  async #writeAll(offset: number, buffers: readonly Uint8Array[]): Promise<void> {
    if (this.#flushFailed) await this.#flush;
    for (const run of denseRuns(offset, buffers)) await this.#writeRun(run);
  }

  async #writeRun({ offset, buffers }: DenseRun): Promise<void> {
    let at = offset;
    for (let rest = [...buffers]; rest.length > 0; ) {
      const written = await this.#staging.handle.writev(rest, at);
      at += written;
      rest = after(rest, written);
    }
    this.#writtenEnd = Math.max(this.#writtenEnd, at);
    this.#flushInTime(at - offset);
  }

  /** Lets the disk work while more comes in; one sync at a time, and nobody waits for it. */
  #flushInTime(writtenBytes: number): void {
    this.#unflushedBytes += writtenBytes;
    if (this.#flush !== undefined || this.#unflushedBytes < FLUSH_BYTES) return;
    this.#unflushedBytes = 0;
    const flush = this.#staging.handle.datasync();
    this.#flush = flush;
    flush.then(
      () => {
        this.#flush = undefined;
      },
      // The promise is kept: the next write or `publish` rejects with it.
      () => {
        this.#flushFailed = true;
      },
    );
  }

  /** Mode and time as far as they may be taken over (security rule 6), then everything to disk. */
  async #prepare(): Promise<void> {
    const { handle } = this.#staging;
    const { mode, mtimeMs, size } = this.#options.entry;
    if (this.#writtenEnd < size) await handle.truncate(size);
    await handle.chmod(((mode & 0o111) !== 0 ? 0o777 : 0o666) & ~process.umask());
    const mtime = Math.min(mtimeMs, Date.now() + DAY_MS) / 1000;
    await handle.utimes(mtime, mtime);
    await handle.sync();
  }

  async #end(): Promise<void> {
    this.#ended = true;
    // The staged name goes first, so that one sync makes both durable.
    await this.#staging.remove();
    try {
      await this.#root.sync();
    } finally {
      await this.#root.close();
    }
  }
}

const DAY_MS = 86_400_000;

/** What is left of `buffers` after their first `written` bytes. */
function after(buffers: readonly Uint8Array[], written: number): Uint8Array[] {
  const rest: Uint8Array[] = [];
  let skip = written;
  for (const buffer of buffers) {
    if (skip < buffer.length) rest.push(buffer.subarray(skip));
    skip = Math.max(0, skip - buffer.length);
  }
  return rest;
}
