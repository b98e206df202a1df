import type { Entries, Entry, FileEntry } from '../../protocol/transfer/entries/entry.ts';
import { setMode } from '../files/file-attributes.ts';
import { MAX_IN_PLACE_BYTES } from '../files/file-calls.ts';
import { errnoOf, isUnsupported } from '../files/file-errors.ts';
import { isZero } from '../files/file-holes.ts';
import type { FileRoot } from '../files/file-root.ts';
import type { FileStat } from '../files/file-system.ts';
import type { SyncFileSystem } from '../files/sync-filesystem.ts';
import { clampedSeconds, StagedFile } from './staged-file.ts';
import { StagedFolders, stagedName } from './staged-folders.ts';
import { unlessGone } from './staging-folder.ts';

/** Files open at a time: the one that is written, and a few whose bytes wait for a sync. */
const MAX_OPEN = 16;
/** Folders that are synced one by one; more are made durable together, where that is possible. */
const MAX_TOUCHED = 64;

/**
 * The entries of an offer on their way in: files, folders and links under the names that they are
 * going to have, in a private folder. `write`, `finish` and `read` may overlap for different entries;
 * other calls overlap with nothing.
 */
export class StagedTree {
  readonly #staging: FileRoot;
  readonly #entries: Entries;
  readonly #preserve: boolean;
  readonly #umask = process.umask();
  readonly #syncAll: SyncFileSystem | undefined;
  /** In the order of their last use. */
  readonly #open = new Map<number, { readonly file: StagedFile; users: number }>();
  /** Being closed: who wants one of these waits, for closing it may still change its length. */
  readonly #closing = new Map<number, Promise<void>>();
  readonly #folders: StagedFolders;
  /** Whether something that is not open any more may be lost with the power. */
  #isUnsynced = false;
  /** Settles when no sync is under way. */
  #syncing: Promise<void> = Promise.resolve();

  /** `preserve`: whether all permission bits are taken over, not just the executable one. */
  constructor(
    staging: FileRoot,
    parts: {
      readonly entries: Entries;
      readonly preserve: boolean;
      readonly syncAll: SyncFileSystem | undefined;
    },
  ) {
    this.#staging = staging;
    this.#folders = new StagedFolders(staging);
    this.#entries = parts.entries;
    this.#preserve = parts.preserve;
    this.#syncAll = parts.syncAll;
  }

  async write(entry: number, offset: number, buffers: readonly Uint8Array[]): Promise<void> {
    await this.#use(entry, (file) => file.write(offset, buffers));
  }

  /** The whole file is there: it gets its mode and time. */
  async finish(entry: number): Promise<void> {
    const { mtimeMs } = this.#entries.at(entry) as FileEntry;
    await this.#use(entry, (file) => file.finish(this.#stagedMode(entry), mtimeMs));
  }

  /** Whether what is there of a file that has all its bytes is as `finish` leaves it. */
  isFinished(entry: number, { size, mode, mtimeMs }: FileStat): boolean {
    const file = this.#entries.at(entry) as FileEntry;
    return size === file.size && mtimeMs === file.mtimeMs && mode === this.#stagedMode(entry);
  }

  /** Writes a file from its first to its last byte, and finishes it. */
  async writeWhole(entry: number, bytes: Uint8Array): Promise<void> {
    if (await this.#put(entry, bytes)) return;
    await this.write(entry, 0, [bytes]);
    await this.finish(entry);
  }

  /** Makes a small file at once, if it is not there and will be durable together with others. */
  async #put(entry: number, bytes: Uint8Array): Promise<boolean> {
    const isSmall = bytes.length <= MAX_IN_PLACE_BYTES && !isZero(bytes);
    if (this.#syncAll === undefined || !isSmall) return false;
    const { path, mtimeMs } = this.#entries.at(entry) as FileEntry;
    const folder = await this.#folders.ensure(path.slice(0, -1));
    const mode = this.#stagedMode(entry);
    const isUnmasked = (mode & this.#umask) === 0;
    const file = { bytes, mode, isUnmasked, modified: clampedSeconds(mtimeMs) };
    try {
      await this.#staging.files.putFile(this.#at(path), file);
    } catch (error) {
      if (errnoOf(error) === 'EEXIST') return false;
      throw error;
    }
    this.#isUnsynced = true;
    this.#folders.touch(folder);
    return true;
  }

  /** Whether a folder had to be made, because something has come into it. */
  isMade(entry: number): boolean {
    return this.#folders.isMade((this.#entries.at(entry) as Entry).path);
  }

  /** Takes away what has come of a file. */
  async remove(entry: number): Promise<void> {
    const { path } = this.#entries.at(entry) as FileEntry;
    await this.#closing.get(entry)?.catch(() => undefined);
    const known = this.#open.get(entry);
    this.#open.delete(entry);
    await known?.file.handle.close();
    try {
      await this.#staging.files.unlink(this.#at(path));
      this.#folders.touch(stagedName(path.slice(0, -1)));
    } catch (error) {
      unlessGone(error);
    }
  }

  /** Reads into `into` of what has come of a file; yields what of it is filled. */
  async read(entry: number, offset: number, into: Uint8Array): Promise<Uint8Array> {
    return into.subarray(0, await this.#use(entry, (file) => file.handle.read(into, offset)));
  }

  /** Makes what there is of a file no longer than this. */
  async cut(entry: number, length: number): Promise<void> {
    await this.#use(entry, (file) => file.handle.truncate(length));
    // When it is opened again, what is behind that is known to be zeros.
    const known = this.#open.get(entry);
    this.#open.delete(entry);
    await known?.file.handle.close();
  }

  /**
   * Begins to make durable what has been written until now. The second promise resolves when it is;
   * meanwhile more may be written.
   */
  async beginSync(): Promise<{ readonly durable: Promise<void> }> {
    await this.#syncing;
    const open = [...this.#open.values()].map(({ file }) => file);
    const dirty = open.filter(({ isDirty }) => isDirty);
    for (const file of dirty) {
      await file.extend();
      file.isDirty = false;
    }
    const folders = this.#folders.takeTouched();
    const areMany = folders.length > MAX_TOUCHED;
    const together = this.#isUnsynced || areMany ? this.#syncAll : undefined;
    this.#isUnsynced = false;
    const durable =
      together === undefined ? this.#syncEach(dirty, folders) : together(this.#staging.fd);
    // Whoever waits for it learns of its failure.
    this.#syncing = durable.catch(() => undefined);
    return { durable };
  }

  /**
   * Makes the folders and links of the offer, all but those left out, and gives the folders their
   * times; durable when it resolves. Nothing is written after that. Yields how many links it could not
   * make, because the file system has no such thing.
   */
  async settle(isLeftOut: (entry: number) => boolean): Promise<number> {
    const folders: Entry[] = [];
    let omittedLinks = 0;
    for (const [index, entry] of this.#entries.entries()) {
      if (isLeftOut(index)) continue;
      if (entry.kind === 'folder') {
        await this.#folders.ensure(entry.path);
        folders.push(entry);
      } else if (entry.kind === 'link') {
        if (!(await this.#link(entry.path, entry.target))) omittedLinks += 1;
      } else if (entry.kind === 'file') await this.#settleFile(index, entry);
    }
    // The deepest first: each new name changes the time of the folder that it is in.
    for (const { path, mode, mtimeMs } of folders.reverse()) {
      // Its owner can always work in it: it has to be moved, and merged into another time.
      await this.#folders.finish(path, this.#modeOf(mode | 0o700, 0o777), mtimeMs);
    }
    const { durable } = await this.beginSync();
    await durable;
    return omittedLinks;
  }

  /** Takes from its owner what nobody is to have. */
  async #settleFile(index: number, { mode }: FileEntry): Promise<void> {
    const wanted = this.#modeOf(mode, 0o666);
    if ((wanted & 0o600) === 0o600) return;
    await this.#use(index, async (file) => {
      file.isDirty = true;
      await setMode(file.handle, wanted);
    });
  }

  async close(): Promise<void> {
    await this.#syncing;
    for (const { file } of this.#open.values()) await file.handle.close().catch(() => undefined);
    this.#open.clear();
  }

  async #use<T>(entry: number, work: (file: StagedFile) => Promise<T>): Promise<T> {
    // Whoever closes it learns of its failure.
    await this.#closing.get(entry)?.catch(() => undefined);
    const known = this.#open.get(entry);
    const open = known ?? {
      file: await this.#openFile(this.#entries.at(entry) as Entry),
      users: 0,
    };
    open.users += 1;
    this.#open.delete(entry);
    this.#open.set(entry, open);
    try {
      return await work(open.file);
    } finally {
      open.users -= 1;
      if (this.#open.size > MAX_OPEN) await this.#closeOldest();
    }
  }

  async #openFile({ path }: Entry): Promise<StagedFile> {
    const { files } = this.#staging;
    const folder = await this.#folders.ensure(path.slice(0, -1));
    const place = this.#at(path);
    try {
      const handle = await files.createFile(place, 0o600);
      this.#folders.touch(folder);
      return new StagedFile(handle, 0);
    } catch (error) {
      if (errnoOf(error) !== 'EEXIST') throw error;
    }
    const handle = await files.openFile(place).catch(async (error: unknown) => {
      if (errnoOf(error) !== 'EACCES') throw error;
      await files.chmod(place, 0o600);
      return await files.openFile(place);
    });
    try {
      return new StagedFile(handle, (await handle.stat()).size);
    } catch (error) {
      await handle.close();
      throw error;
    }
  }

  async #closeOldest(): Promise<void> {
    for (const [entry, { file, users }] of this.#open) {
      if (users > 0) continue;
      this.#open.delete(entry);
      const closing = this.#close(file).finally(() => this.#closing.delete(entry));
      this.#closing.set(entry, closing);
      await closing;
      return;
    }
  }

  async #close(file: StagedFile): Promise<void> {
    await this.#syncing;
    try {
      await file.extend();
      if (file.isDirty && this.#syncAll === undefined) await file.sync();
      this.#isUnsynced ||= file.isDirty;
    } finally {
      await file.handle.close();
    }
  }

  /** False where the file system has no links. */
  async #link(path: readonly string[], target: string): Promise<boolean> {
    const { files } = this.#staging;
    const folder = await this.#folders.ensure(path.slice(0, -1));
    const place = this.#at(path);
    try {
      await files.symlink(target, place);
    } catch (error) {
      if (isUnsupported(error)) return false;
      if (errnoOf(error) !== 'EEXIST') throw error;
      await files.unlink(place);
      await files.symlink(target, place);
    }
    this.#folders.touch(folder);
    return true;
  }

  async #syncEach(dirty: readonly StagedFile[], folders: readonly string[]): Promise<void> {
    for (const file of dirty) await file.handle.sync();
    for (const folder of folders) await this.#folders.sync(folder);
  }

  /** Until all is settled we may have to open it again. */
  #stagedMode(entry: number): number {
    return this.#modeOf((this.#entries.at(entry) as FileEntry).mode, 0o666) | 0o600;
  }

  #modeOf(mode: number, usual: number): number {
    if (this.#preserve) return mode;
    return (usual | ((mode & 0o111) === 0 ? 0 : 0o111)) & ~this.#umask;
  }

  #at(path: readonly string[]): string {
    return this.#staging.at(stagedName(path));
  }
}
