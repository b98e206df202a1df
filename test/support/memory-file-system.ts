import type { SmallFile } from '../../src/io/files/file-calls.ts';
import {
  type FileStat,
  type FileSystem,
  type OpenFile,
  type OpenFolder,
  putInSteps,
  type TakenFile,
  takeInSteps,
} from '../../src/io/files/file-system.ts';
import type { SyncFileSystem } from '../../src/io/files/sync-filesystem.ts';
import { MemoryDisk } from './memory-disk.ts';
import { MemoryFile, MemoryHandle, type Process } from './memory-handle.ts';
import { type Lacks, statOf, systemError } from './memory-node.ts';
import type { SeededRandom } from './seeded-random.ts';

/** What the call of this number does: `kill` ends the process before it, anything else is an errno. */
export interface Fault {
  readonly call: number;
  readonly fault: string;
}

/**
 * A file system in memory that promises what POSIX promises and no more: what was not synced may be
 * gone after a power loss, each sector of a file and each name of a folder by itself. Any call can be
 * made to fail, or to be the one at which the process dies.
 */
export class MemoryFileSystem extends MemoryDisk implements FileSystem, Process {
  /** Names of the calls so far, in order. */
  readonly calls: string[] = [];
  /** Bytes that can still be written. */
  freeBytes: number = Number.MAX_SAFE_INTEGER;
  fault: Fault | undefined;
  #dead = false;
  /** Whether everything can be made durable by one call. */
  readonly hasSyncAll: boolean;

  readonly lacks: Lacks;

  constructor({
    hasSyncAll = false,
    lacks = {},
  }: { readonly hasSyncAll?: boolean; readonly lacks?: Lacks } = {}) {
    super();
    this.hasSyncAll = hasSyncAll;
    this.lacks = lacks;
  }

  /** The process is gone, and another one comes; what was written is there. */
  restart(): void {
    this.opened.clear();
    this.#dead = false;
    this.fault = undefined;
    this.calls.length = 0;
  }

  override losePower(random: SeededRandom): void {
    super.losePower(random);
    this.restart();
  }

  async createFile(path: string, mode: number): Promise<OpenFile> {
    await this.#call('createFile');
    const { folder, name } = this.parent(path);
    if (folder.names.has(name)) throw systemError('EEXIST');
    const file = this.newFile(mode);
    folder.names.set(name, file);
    return new MemoryFile(this, this.open(file), file);
  }

  async putFile(path: string, file: SmallFile): Promise<void> {
    await putInSteps(this, path, file);
  }

  async openFolder(path: string): Promise<OpenFolder> {
    await this.#call('openFolder');
    const folder = this.resolve(path, false);
    if (folder.kind !== 'folder') throw systemError('ENOTDIR');
    return new MemoryHandle(this, this.open(folder), folder);
  }

  async openFile(path: string): Promise<OpenFile> {
    await this.#call('openFile');
    const file = this.resolve(path, false);
    if (file.kind !== 'file') throw systemError(file.kind === 'folder' ? 'EISDIR' : 'ELOOP');
    return new MemoryFile(this, this.open(file), file);
  }

  async openForReading(path: string): Promise<OpenFile> {
    return await this.openFile(path);
  }

  async takeFile(path: string, into: Uint8Array): Promise<TakenFile> {
    return await takeInSteps(this, path, into);
  }

  async makeFolder(path: string): Promise<void> {
    await this.#call('makeFolder');
    const { folder, name } = this.parent(path);
    if (folder.names.has(name)) throw systemError('EEXIST');
    folder.names.set(name, this.newFolder());
  }

  async readFolder(path: string): Promise<string[]> {
    await this.#call('readFolder');
    const node = this.resolve(path, true);
    if (node.kind !== 'folder') throw systemError('ENOTDIR');
    return [...node.names.keys()];
  }

  async symlink(target: string, path: string): Promise<void> {
    await this.#call('symlink');
    const { folder, name } = this.parent(path);
    if (folder.names.has(name)) throw systemError('EEXIST');
    folder.names.set(name, { kind: 'link', ino: this.newIno(), target });
  }

  async readlink(path: string): Promise<string> {
    await this.#call('readlink');
    const node = this.resolve(path, false);
    if (node.kind !== 'link') throw systemError('EINVAL');
    return node.target;
  }

  async chmod(path: string, mode: number): Promise<void> {
    await this.#call('chmod');
    const node = this.resolve(path, true);
    if (node.kind === 'file') node.mode = mode;
  }

  async syncAll(): Promise<SyncFileSystem | undefined> {
    if (!this.hasSyncAll) return undefined;
    return async () => {
      await this.#call('syncAll');
      this.renames.length = 0;
      for (const node of this.all()) {
        if (node.kind === 'file') node.durable = node.bytes.slice();
        if (node.kind === 'folder') node.durable = new Map(node.names);
      }
    };
  }

  async stat(path: string): Promise<FileStat> {
    await this.#call('stat');
    return statOf(this.resolve(path, true), this.lacks);
  }

  async lstat(path: string): Promise<FileStat> {
    await this.#call('lstat');
    return statOf(this.resolve(path, false), this.lacks);
  }

  async realpath(path: string): Promise<string> {
    await this.#call('realpath');
    const node = this.resolve(path, false);
    return node.kind === 'link' ? node.target : path;
  }

  async space(): Promise<{ availableBytes: bigint; blocks: bigint }> {
    await this.#call('space');
    return { availableBytes: BigInt(this.freeBytes), blocks: 1n };
  }

  async link(existing: string, path: string): Promise<void> {
    await this.#call('link');
    const node = this.resolve(existing, false);
    const { folder, name } = this.parent(path);
    if (folder.names.has(name)) throw systemError('EEXIST');
    folder.names.set(name, node);
  }

  async rename(from: string, to: string): Promise<void> {
    await this.#call('rename');
    const node = this.resolve(from, false);
    const source = this.parent(from);
    const target = this.parent(to);
    const there = target.folder.names.get(target.name);
    if (node.kind !== 'folder' && there?.kind === 'folder') throw systemError('EISDIR');
    if (node.kind === 'folder' && there !== undefined) {
      if (there.kind !== 'folder') throw systemError('ENOTDIR');
      if (there.names.size > 0) throw systemError('ENOTEMPTY');
    }
    if (there === node) return;
    source.folder.names.delete(source.name);
    target.folder.names.set(target.name, node);
    this.renames.push({ source, target });
  }

  async renameNew(from: string, to: string): Promise<boolean | undefined> {
    const { renameNew } = this.lacks.calls ?? {};
    if (renameNew !== undefined) return undefined;
    const { folder, name } = this.parent(to);
    if (folder.names.has(name)) return false;
    await this.rename(from, to);
    return true;
  }

  async unlink(path: string): Promise<void> {
    await this.#call('unlink');
    if (this.resolve(path, false).kind === 'folder') throw systemError('EISDIR');
    const { folder, name } = this.parent(path);
    folder.names.delete(name);
  }

  async rmdir(path: string): Promise<void> {
    await this.#call('rmdir');
    const node = this.resolve(path, false);
    if (node.kind !== 'folder') throw systemError('ENOTDIR');
    if (node.names.size > 0) throw systemError('ENOTEMPTY');
    const { folder, name } = this.parent(path);
    folder.names.delete(name);
  }

  /** Counts a call of an open file or folder; rejects where that is to fail. */
  async callOf(fd: number, name: string): Promise<void> {
    await this.#call(name);
    if (!this.opened.has(fd)) throw systemError('EBADF');
  }

  /** Forgets an open file or folder; a close that fails closes all the same, as on Linux. */
  async close(fd: number): Promise<void> {
    if (!this.opened.delete(fd)) throw systemError('EBADF');
    await this.#call('close');
  }

  async #call(name: string): Promise<void> {
    if (this.#dead) throw systemError('KILLED');
    this.calls.push(name);
    const unknown = this.lacks.calls?.[name];
    if (unknown !== undefined) throw systemError(unknown);
    const { fault } = this;
    if (fault === undefined || this.calls.length !== fault.call) return;
    if (fault.fault === 'kill') this.#dead = true;
    throw systemError(fault.fault === 'kill' ? 'KILLED' : fault.fault);
  }
}
