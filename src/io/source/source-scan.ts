import type { BigIntStats, Dirent } from 'node:fs';
import { readlink, realpath, stat } from 'node:fs/promises';
import { basename, resolve, sep } from 'node:path';
import { P2PShareError } from '../../protocol/errors.ts';
import { encodedEntryName } from '../../protocol/transfer/entries/encoded-name.ts';
import type { Entries, Entry } from '../../protocol/transfer/entries/entry.ts';
import {
  type EntryName,
  isOwnName,
  parseEntryName,
} from '../../protocol/transfer/entries/entry-name.ts';
import { EntryTable } from '../../protocol/transfer/entries/entry-table.ts';
import { isInnerLink } from '../../protocol/transfer/entries/link-target.ts';
import { PathIndex } from '../../protocol/transfer/entries/path-index.ts';
import { TRANSFER_LIMITS } from '../../protocol/transfer/limits.ts';
import { listFolder } from '../files/file-calls.ts';
import { asFileError, errnoOf, problem } from '../files/file-errors.ts';
import { noteSame } from '../files/local-folders.ts';
import { nameRefused } from './name-refused.ts';
import { SourceIgnore } from './source-ignore.ts';
import { SourcePaths } from './source-paths.ts';
import { statSource } from './source-stat.ts';
import type { VersionTags } from './version-tag.ts';

/** What becomes of symbolic links inside of folders; one that a person names is followed. */
export type SymlinkPolicy = 'keep' | 'follow' | 'skip';

export interface ScanOptions {
  /** `keep` keeps those that stay inside the tree, and leaves out the others. */
  readonly symlinks: SymlinkPolicy;
  /** Patterns in the form of a `.gitignore`. */
  readonly exclude: readonly string[];
  /** Whether each folder's own `.gitignore` counts. */
  readonly gitignore: boolean;
  /** Whether names that not every system takes are sent with what is wrong in them percent-encoded. */
  readonly encodeNames: boolean;
  /**
   * Whether files in folders are offered though they cannot be read: they are left out when it comes to
   * that.
   */
  readonly allowUnreadable: boolean;
  /** Makes the versions of files. */
  readonly tagOf: VersionTags;
}

/** What was found at some paths: the entries of an offer, folders before what is in them. */
export interface SourceScan {
  readonly entries: Entries;
  /** Where an entry is. */
  readonly pathOf: (entry: number) => string;
  readonly omitted: Omitted;
  /** How many bytes of the files are not in holes. */
  readonly storedBytes: number;
}

/** How many things were left out, and why. */
export interface Omitted {
  /** Devices, sockets and pipes. */
  readonly special: number;
  /** Symbolic links that lead out of the tree, or to nothing, or that nobody wants. */
  readonly links: number;
  /** By a pattern, or because an unfinished transfer lies there; a folder counts as one. */
  readonly excluded: number;
}

/** What `st_blocks` counts in, whatever the file system does (stat(2)). */
const BLOCK_BYTES = 512n;
/** How many things of a folder are looked at side by side. */
const AT_ONCE = 32;

/**
 * Refuses at once what cannot be sent: paths where nothing is, or neither a file nor a folder, names
 * that no receiver would take, and two of one name. Throws `P2P_SOURCE_MISSING`,
 * `P2P_SOURCE_UNREADABLE` or `P2P_NAME_REFUSED`.
 */
export async function requireSources(
  paths: readonly string[],
  { encodeNames }: Pick<ScanOptions, 'encodeNames'>,
): Promise<void> {
  const index = new PathIndex();
  for (const path of paths) {
    const name = nameOf(basename(resolve(path)), path, encodeNames);
    if (!index.add([name], false)) throw nameRefused('same name', path);
    const stats = await asFileError('source', () => stat(path));
    if (!stats.isFile() && !stats.isDirectory()) throw notRegular(path);
  }
}

/**
 * Looks what there is to be sent. Throws what `requireSources` throws, about anything that is found;
 * what is unreadable is `P2P_SOURCE_UNREADABLE`, for it would be missed, and so is more than an offer may
 * have.
 */
export async function scanSources(
  paths: readonly string[],
  options: ScanOptions,
): Promise<SourceScan> {
  return await asFileError('source', async () => {
    const scanner = new Scanner(options);
    for (const path of paths) await scanner.add(path);
    return scanner.scan;
  });
}

/** A folder on the way down. */
interface Place {
  readonly local: string;
  readonly path: readonly EntryName[];
  /** The names below what was named, as they are on the disk. */
  readonly below: readonly string[];
  readonly ignore: SourceIgnore;
  /** Of the folder above it, if that is the one in its path. */
  readonly device?: bigint | undefined;
  /** Device and inode of all folders above it and its own: a link may lead back to one. */
  readonly above: ReadonlySet<string>;
}

class Scanner {
  readonly #options: ScanOptions;
  readonly #entries = new EntryTable();
  readonly #paths = new SourcePaths(this.#entries);
  readonly #index = new PathIndex();
  #storedBytes = 0;
  readonly #omitted = { special: 0, links: 0, excluded: 0 };

  constructor(options: ScanOptions) {
    this.#options = options;
  }

  get scan(): SourceScan {
    const pathOf = (entry: number) => this.#paths.of(entry);
    const [entries, omitted] = [this.#entries, this.#omitted];
    return { entries, pathOf, omitted, storedBytes: this.#storedBytes };
  }

  /** What a person named: a link is followed, for that is what the person means. */
  async add(named: string): Promise<void> {
    const path = [nameOf(basename(resolve(named)), named, this.#options.encodeNames)];
    const local = await realpath(named);
    const stats = await statSource(local);
    if (stats.isFile()) return this.#addFile(local, path, stats);
    if (!stats.isDirectory()) throw notRegular(named);
    const ignore = SourceIgnore.of(this.#options);
    await this.#addFolder({ local, path, below: [], ignore, above: new Set() }, stats);
  }

  async #addFolder(place: Place, stats: BigIntStats): Promise<void> {
    const { local, path, above } = place;
    this.#push(local, { kind: 'folder', path, size: 0, ...attributes(stats) });
    if (place.device === stats.dev) noteSame(local);
    const found = await listFolder(local, Number(stats.size)).catch((error: unknown) => {
      // It has gone since the one above was read.
      if (errnoOf(error) === 'ENOENT' && path.length > 1) return [];
      throw error;
    });
    const names = found.map(({ name }) => name);
    const ignore = await place.ignore.enter(local, place.below, names);
    const device = stats.dev;
    const within = { ...place, ignore, device, above: new Set(above).add(identity(stats)) };
    const sorted = found.sort((a, b) => (a.name < b.name ? -1 : 1));
    for (let first = 0; first < sorted.length; first += AT_ONCE) {
      const some = sorted.slice(first, first + AT_ONCE);
      const looked = await Promise.all(some.map((each) => this.#look(each, within)));
      for (const each of looked) if (each !== undefined) await this.#addFound(each, within);
    }
    this.#index.close(path);
  }

  /** What an entry of a folder is; `undefined` for what is left out without a look. */
  async #look(found: Dirent, place: Place): Promise<Found | undefined> {
    const { name } = found;
    const below = [...place.below, name];
    const isFolder = found.isDirectory();
    if ((isFolder && isOwnName(name)) || place.ignore.leavesOut(below, isFolder)) {
      this.#omitted.excluded += 1;
      return undefined;
    }
    const local = `${place.local}${sep}${name}`;
    // Node makes this of bytes that are not UTF-8, and finds nothing of that name.
    if (name.includes('\ufffd')) throw nameRefused('not unicode', local);
    const stats = await statSource(local, this.#options).catch((error: unknown) => {
      // It has gone since the folder was read.
      if (errnoOf(error) === 'ENOENT') return undefined;
      throw error;
    });
    return stats && { local, below, name, stats };
  }

  async #addFound({ local, below, name, stats }: Found, place: Place): Promise<void> {
    if (!stats.isFile() && !stats.isDirectory() && !stats.isSymbolicLink()) {
      this.#omitted.special += 1;
      return;
    }
    const path = [...place.path, nameOf(name, local, this.#options.encodeNames)];
    const within = { ...place, local, path, below };
    if (stats.isFile()) this.#addFile(local, path, stats);
    else if (stats.isDirectory()) await this.#addFolder(within, stats);
    else await this.#addLink(within, stats);
  }

  #addFile(local: string, path: readonly EntryName[], stats: BigIntStats): void {
    const version = this.#options.tagOf(stats);
    // Windows counts no blocks.
    const stored = process.platform === 'win32' ? stats.size : stats.blocks * BLOCK_BYTES;
    this.#storedBytes += Math.min(Number(stats.size), Number(stored));
    const size = Number(stats.size);
    this.#push(local, { kind: 'file', path, size, ...attributes(stats), version });
  }

  async #addLink(place: Place, stats: BigIntStats): Promise<void> {
    const { local, path } = place;
    const { symlinks, encodeNames } = this.#options;
    const text = symlinks === 'keep' ? await readlink(local) : '';
    // It leads to what is called otherwise there.
    const target = encodeNames ? encodedPath(text) : text;
    if (symlinks === 'follow') await this.#follow(place);
    else if (symlinks === 'keep' && isInnerLink(path, target)) {
      this.#push(local, { kind: 'link', path, size: 0, ...attributes(stats), target });
    } else this.#omitted.links += 1;
  }

  async #follow(place: Place): Promise<void> {
    const local = await realpath(place.local).catch(() => undefined);
    const stats = local === undefined ? undefined : await statSource(local, this.#options);
    // To nothing, or to a folder that it is in.
    if (local === undefined || stats === undefined || place.above.has(identity(stats))) {
      this.#omitted.links += 1;
    } else if (stats.isFile()) this.#addFile(local, place.path, stats);
    else if (stats.isDirectory())
      await this.#addFolder({ ...place, local, device: undefined }, stats);
    else this.#omitted.special += 1;
  }

  #push(local: string, entry: Entry): void {
    const { path } = entry;
    if (this.#entries.length >= TRANSFER_LIMITS.entries) {
      const cause = problem('too many files');
      const detail = 'more entries than an offer may have';
      throw new P2PShareError('P2P_SOURCE_UNREADABLE', detail, { cause });
    }
    const bytes = Buffer.byteLength(path.join('/'));
    if (path.length > TRANSFER_LIMITS.components || bytes > TRANSFER_LIMITS.pathBytes) {
      throw nameRefused('path too long', local);
    }
    if (!this.#index.add(path, entry.kind === 'folder')) {
      throw nameRefused('same name in another case', local);
    }
    this.#entries.push(entry);
    this.#paths.note(local, path[path.length - 1] as EntryName);
  }
}

interface Found {
  readonly local: string;
  readonly below: readonly string[];
  readonly name: string;
  readonly stats: BigIntStats;
}

function attributes(stats: BigIntStats): { mtimeMs: number; mode: number } {
  return { mtimeMs: Math.max(0, Number(stats.mtimeMs)), mode: Number(stats.mode & 0o777n) };
}

function identity({ dev, ino }: BigIntStats): string {
  return `${dev}:${ino}`;
}

function nameOf(text: string, path: string, encodeNames: boolean): EntryName {
  const name = encodeNames ? encodedEntryName(text) : parseEntryName(text);
  if (typeof name === 'string') return name;
  throw nameRefused(name.refused, path);
}

function encodedPath(text: string): string {
  const parts = text.split('/').map((part) => {
    const name = part === '.' || part === '..' ? part : encodedEntryName(part);
    return typeof name === 'string' ? name : part;
  });
  return parts.join('/');
}

function notRegular(path: string): P2PShareError {
  return new P2PShareError('P2P_SOURCE_UNREADABLE', 'neither a file nor a folder', { path });
}
