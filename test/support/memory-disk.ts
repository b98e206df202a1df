import { posix } from 'node:path';
import {
  type File,
  type Folder,
  loseNames,
  loseSectors,
  type Node,
  systemError,
} from './memory-node.ts';
import type { SeededRandom } from './seeded-random.ts';

interface Place {
  readonly folder: Folder;
  readonly name: string;
}

interface Rename {
  readonly source: Place;
  readonly target: Place;
}

const DESCRIPTORS = '/proc/self/fd/';

/** What is on a disk in memory, what of it is certain to be there, and what is open. */
export class MemoryDisk {
  readonly #root: Folder = { kind: 'folder', ino: 1n, names: new Map(), durable: new Map() };
  protected readonly opened = new Map<number, File | Folder>();
  /** Of which it is not certain that they are on the disk; each is there whole or not at all. */
  protected readonly renames: Rename[] = [];
  #nextIno = 2n;
  #nextFd = 3;

  /** How many files and folders are open. */
  get openCount(): number {
    return this.opened.size;
  }

  /** Puts a durable folder there. */
  plantFolder(path: string): void {
    const { folder, name } = this.parent(path);
    this.plant(folder, name, this.newFolder());
  }

  /** Puts a durable file there. */
  plantFile(path: string, bytes: Uint8Array): void {
    const { folder, name } = this.parent(path);
    this.plant(folder, name, { ...this.newFile(0o644), bytes, durable: bytes });
  }

  /** Puts a durable symbolic link to an absolute path there. */
  plantLink(path: string, target: string): void {
    const { folder, name } = this.parent(path);
    this.plant(folder, name, { kind: 'link', ino: this.newIno(), target });
  }

  /** Takes a name away behind the back of whoever uses it. */
  steal(path: string): void {
    const { folder, name } = this.parent(path);
    folder.names.delete(name);
    folder.durable.delete(name);
  }

  /** The names in a folder, sorted. */
  names(path: string): string[] {
    const node = this.resolve(path, true);
    if (node.kind !== 'folder') throw systemError('ENOTDIR');
    return [...node.names.keys()].sort();
  }

  /** The bytes of a file, `undefined` where there is none. */
  bytes(path: string): Uint8Array | undefined {
    const { folder, name } = this.parent(path);
    const node = folder.names.get(name);
    return node?.kind === 'file' ? node.bytes : undefined;
  }

  /** What is there when the machine is on again: of all that was not synced, `random` decides. */
  losePower(random: SeededRandom): void {
    this.opened.clear();
    for (const rename of this.renames.splice(0)) {
      if (random.chance(0.5)) copyNames(rename, 'names', 'durable');
      else copyNames(rename, 'durable', 'names');
    }
    for (const node of this.all()) {
      if (node.kind === 'file') loseSectors(node, random);
      if (node.kind === 'folder') loseNames(node, random);
    }
  }

  /** The folder was synced: so are the renames into it and out of it. */
  folderSynced(folder: Folder): void {
    const isMeant = ({ source, target }: Rename) =>
      source.folder === folder || target.folder === folder;
    const settled = this.renames.filter(isMeant);
    for (const rename of settled) {
      copyNames(rename, 'names', 'durable');
      this.renames.splice(this.renames.indexOf(rename), 1);
    }
  }

  protected parent(path: string): { folder: Folder; name: string } {
    const folder = this.resolve(posix.dirname(path), true);
    if (folder.kind !== 'folder') throw systemError('ENOTDIR');
    return { folder, name: posix.basename(path) };
  }

  /** What a path leads to; links on the way are followed, one at the end if `follow` says so. */
  protected resolve(path: string, follow: boolean): Node {
    const { start, rest } = this.#start(path);
    let node: Node = start;
    for (const [index, name] of rest.entries()) {
      if (node.kind !== 'folder') throw systemError('ENOTDIR');
      const next: Node | undefined = node.names.get(name);
      if (next === undefined) throw systemError('ENOENT');
      const last = index === rest.length - 1;
      node = next.kind === 'link' && (follow || !last) ? this.resolve(next.target, true) : next;
    }
    return node;
  }

  #start(path: string): { start: Node; rest: string[] } {
    const names = posix.normalize(path).split('/').filter(Boolean);
    if (!path.startsWith(DESCRIPTORS)) return { start: this.#root, rest: names };
    const start = this.opened.get(Number(names[3]));
    if (start === undefined) throw systemError('ENOENT');
    return { start, rest: names.slice(4) };
  }

  protected *all(folder: Folder = this.#root): Generator<Node> {
    yield folder;
    for (const node of new Set([...folder.names.values(), ...folder.durable.values()])) {
      if (node.kind === 'folder') yield* this.all(node);
      else yield node;
    }
  }

  protected plant(folder: Folder, name: string, node: Node): void {
    folder.names.set(name, node);
    folder.durable.set(name, node);
  }

  protected open(node: File | Folder): number {
    this.opened.set(this.#nextFd, node);
    this.#nextFd += 1;
    return this.#nextFd - 1;
  }

  protected newIno(): bigint {
    this.#nextIno += 1n;
    return this.#nextIno - 1n;
  }

  protected newFolder(): Folder {
    return { kind: 'folder', ino: this.newIno(), names: new Map(), durable: new Map() };
  }

  protected newFile(mode: number): File {
    const nothing = new Uint8Array();
    return { kind: 'file', ino: this.newIno(), bytes: nothing, durable: nothing, mode, mtime: 0 };
  }
}

/** What the two names of a rename mean in one way, they mean in the other from now on. */
function copyNames(
  { source, target }: Rename,
  from: 'names' | 'durable',
  to: 'names' | 'durable',
): void {
  for (const { folder, name } of [source, target]) {
    const node = folder[from].get(name);
    if (node === undefined) folder[to].delete(name);
    else folder[to].set(name, node);
  }
}
