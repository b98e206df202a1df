import { posix } from 'node:path';
import type { FileStat, FileSystem, OpenFile, OpenFolder } from '../../src/io/file-system.ts';
import { MemoryFile, MemoryHandle, type Process } from './memory-handle.ts';
import {
  type File,
  type Folder,
  loseNames,
  loseSectors,
  type Node,
  statOf,
  systemError,
} from './memory-node.ts';
import type { SeededRandom } from './seeded-random.ts';

/** What the call of this number does: `kill` ends the process before it, anything else is an errno. */
export interface Fault {
  readonly call: number;
  readonly fault: string;
}

const DESCRIPTORS = '/proc/self/fd/';

/**
 * A file system in memory that promises what POSIX promises and no more: what was not synced may be
 * gone after a power loss, each sector of a file and each name of a folder by itself. Any call can be
 * made to fail, or to be the one at which the process dies.
 */
export class MemoryFileSystem implements FileSystem, Process {
  /** Names of the calls so far, in order. */
  readonly calls: string[] = [];
  /** Bytes that can still be written. */
  freeBytes = Number.MAX_SAFE_INTEGER;
  fault: Fault | undefined;
  readonly #root: Folder = { kind: 'folder', ino: 1n, names: new Map(), durable: new Map() };
  readonly #open = new Map<number, File | Folder>();
  #nextIno = 2n;
  #nextFd = 3;
  #dead = false;

  /** How many files and folders are open. */
  get openCount(): number {
    return this.#open.size;
  }

  /** Puts a durable folder there. */
  plantFolder(path: string): void {
    const { folder, name } = this.#parent(path);
    this.#plant(folder, name, this.#newFolder());
  }

  /** Puts a durable file there. */
  plantFile(path: string, bytes: Uint8Array): void {
    const { folder, name } = this.#parent(path);
    this.#plant(folder, name, { ...this.#newFile(0o644), bytes, durable: bytes });
  }

  /** Puts a durable symbolic link to an absolute path there. */
  plantLink(path: string, target: string): void {
    const { folder, name } = this.#parent(path);
    this.#plant(folder, name, { kind: 'link', ino: this.#newIno(), target });
  }

  /** Takes a name away behind the back of whoever uses it. */
  steal(path: string): void {
    const { folder, name } = this.#parent(path);
    folder.names.delete(name);
    folder.durable.delete(name);
  }

  /** The names in a folder, sorted. */
  names(path: string): string[] {
    const node = this.#resolve(path, true);
    if (node.kind !== 'folder') throw systemError('ENOTDIR');
    return [...node.names.keys()].sort();
  }

  /** The bytes of a file, `undefined` where there is none. */
  bytes(path: string): Uint8Array | undefined {
    const { folder, name } = this.#parent(path);
    const node = folder.names.get(name);
    return node?.kind === 'file' ? node.bytes : undefined;
  }

  /** What is there when the machine is on again: of all that was not synced, `random` decides. */
  losePower(random: SeededRandom): void {
    this.#restart();
    for (const node of this.#all()) {
      if (node.kind === 'file') loseSectors(node, random);
      if (node.kind === 'folder') loseNames(node, random);
    }
  }

  /** The process is gone, and another one comes; what was written is there. */
  #restart(): void {
    this.#open.clear();
    this.#dead = false;
    this.fault = undefined;
  }

  async createFile(path: string, mode: number): Promise<OpenFile> {
    await this.#call('createFile');
    const { folder, name } = this.#parent(path);
    if (folder.names.has(name)) throw systemError('EEXIST');
    const file = this.#newFile(mode);
    folder.names.set(name, file);
    return new MemoryFile(this, this.#opened(file), file);
  }

  async openFolder(path: string): Promise<OpenFolder> {
    await this.#call('openFolder');
    const folder = this.#resolve(path, false);
    if (folder.kind !== 'folder') throw systemError('ENOTDIR');
    return new MemoryHandle(this, this.#opened(folder), folder);
  }

  async createPrivateFolder(prefix: string): Promise<string> {
    await this.#call('createPrivateFolder');
    const path = `${prefix}${this.#nextIno}`;
    const { folder, name } = this.#parent(path);
    folder.names.set(name, this.#newFolder());
    return path;
  }

  async stat(path: string): Promise<FileStat> {
    await this.#call('stat');
    return statOf(this.#resolve(path, true));
  }

  async lstat(path: string): Promise<FileStat> {
    await this.#call('lstat');
    return statOf(this.#resolve(path, false));
  }

  async realpath(path: string): Promise<string> {
    await this.#call('realpath');
    const node = this.#resolve(path, false);
    return node.kind === 'link' ? node.target : path;
  }

  async space(): Promise<{ availableBytes: bigint; blocks: bigint }> {
    await this.#call('space');
    return { availableBytes: BigInt(this.freeBytes), blocks: 1n };
  }

  async link(existing: string, path: string): Promise<void> {
    await this.#call('link');
    const node = this.#resolve(existing, false);
    const { folder, name } = this.#parent(path);
    if (folder.names.has(name)) throw systemError('EEXIST');
    folder.names.set(name, node);
  }

  async rename(from: string, to: string): Promise<void> {
    await this.#call('rename');
    const node = this.#resolve(from, false);
    const source = this.#parent(from);
    const target = this.#parent(to);
    if (target.folder.names.get(target.name)?.kind === 'folder') throw systemError('EISDIR');
    source.folder.names.delete(source.name);
    target.folder.names.set(target.name, node);
  }

  async unlink(path: string): Promise<void> {
    await this.#call('unlink');
    if (this.#resolve(path, false).kind === 'folder') throw systemError('EISDIR');
    const { folder, name } = this.#parent(path);
    folder.names.delete(name);
  }

  async rmdir(path: string): Promise<void> {
    await this.#call('rmdir');
    const node = this.#resolve(path, false);
    if (node.kind !== 'folder') throw systemError('ENOTDIR');
    if (node.names.size > 0) throw systemError('ENOTEMPTY');
    const { folder, name } = this.#parent(path);
    folder.names.delete(name);
  }

  /** Counts a call of an open file or folder; rejects where that is to fail. */
  async callOf(fd: number, name: string): Promise<void> {
    await this.#call(name);
    if (!this.#open.has(fd)) throw systemError('EBADF');
  }

  /** Forgets an open file or folder; a close that fails closes all the same, as on Linux. */
  async close(fd: number): Promise<void> {
    if (!this.#open.delete(fd)) throw systemError('EBADF');
    await this.#call('close');
  }

  async #call(name: string): Promise<void> {
    if (this.#dead) throw systemError('KILLED');
    this.calls.push(name);
    const { fault } = this;
    if (fault === undefined || this.calls.length !== fault.call) return;
    if (fault.fault === 'kill') this.#dead = true;
    throw systemError(fault.fault === 'kill' ? 'KILLED' : fault.fault);
  }

  #parent(path: string): { folder: Folder; name: string } {
    const folder = this.#resolve(posix.dirname(path), true);
    if (folder.kind !== 'folder') throw systemError('ENOTDIR');
    return { folder, name: posix.basename(path) };
  }

  /** What a path leads to; links on the way are followed, one at the end if `follow` says so. */
  #resolve(path: string, follow: boolean): Node {
    const { start, rest } = this.#start(path);
    let node: Node = start;
    for (const [index, name] of rest.entries()) {
      if (node.kind !== 'folder') throw systemError('ENOTDIR');
      const next: Node | undefined = node.names.get(name);
      if (next === undefined) throw systemError('ENOENT');
      const last = index === rest.length - 1;
      node = next.kind === 'link' && (follow || !last) ? this.#resolve(next.target, true) : next;
    }
    return node;
  }

  #start(path: string): { start: Node; rest: string[] } {
    const names = posix.normalize(path).split('/').filter(Boolean);
    if (!path.startsWith(DESCRIPTORS)) return { start: this.#root, rest: names };
    const start = this.#open.get(Number(names[3]));
    if (start === undefined) throw systemError('ENOENT');
    return { start, rest: names.slice(4) };
  }

  *#all(folder: Folder = this.#root): Generator<Node> {
    yield folder;
    for (const node of new Set([...folder.names.values(), ...folder.durable.values()])) {
      if (node.kind === 'folder') yield* this.#all(node);
      else yield node;
    }
  }

  #plant(folder: Folder, name: string, node: Node): void {
    folder.names.set(name, node);
    folder.durable.set(name, node);
  }

  #opened(node: File | Folder): number {
    this.#open.set(this.#nextFd, node);
    this.#nextFd += 1;
    return this.#nextFd - 1;
  }

  #newIno(): bigint {
    this.#nextIno += 1n;
    return this.#nextIno - 1n;
  }

  #newFolder(): Folder {
    return { kind: 'folder', ino: this.#newIno(), names: new Map(), durable: new Map() };
  }

  #newFile(mode: number): File {
    const nothing = new Uint8Array();
    return { kind: 'file', ino: this.#newIno(), bytes: nothing, durable: nothing, mode, mtime: 0 };
  }
}
