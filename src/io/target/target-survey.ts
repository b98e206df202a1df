import { P2PShareError } from '../../protocol/errors.ts';
import type { Entries, Entry } from '../../protocol/transfer/entries/entry.ts';
import type { EntryRun } from '../../protocol/transfer/messages/answer-message.ts';
import { errnoOf } from '../files/file-errors.ts';
import type { FileRoot } from '../files/file-root.ts';
import type { FileStat } from '../files/file-system.ts';
import { ExistingFiles } from './existing-files.ts';
import type { OnConflict } from './file-publish.ts';

/** What of an offer is in the way of what lies at the target already. */
export interface Survey {
  /** Entries that are left out because something of their name is there. */
  readonly skipped: ReadonlySet<number>;
  /** Files at the places of files that are going to be written. */
  readonly existing: ExistingFiles;
  /** Folders that are there, and that what comes is merged into. */
  readonly merged: ReadonlySet<number>;
}

/**
 * Looks what of an offer is there already, before any data comes; no link is followed. `topName`: what
 * the entry at the top is going to be called, if not as offered. Throws `P2P_TARGET_EXISTS` where the
 * policy says that nothing may be, or where a file and a folder meet that cannot both be.
 */
export async function surveyTarget(
  root: FileRoot,
  entries: Entries,
  onConflict: OnConflict,
  topName: string | undefined,
): Promise<Survey> {
  const looker = new Looker(root, topName);
  const skipped = new Set<number>();
  const existing = new ExistingFiles();
  const merged = new Set<number>();
  for (const [index, entry] of entries.entries()) {
    const there = await looker.at(entry.path);
    if (there === undefined) continue;
    if (isLeftOut(entry, there, onConflict)) skipped.add(index);
    else if (!there.isAbove && entry.kind === there.stat.kind) {
      if (entry.kind === 'file') existing.set(index, there.stat);
      else if (entry.kind === 'folder') merged.add(index);
    }
  }
  return { skipped, existing, merged };
}

/** The names below the target of what is offered at `path`; `topName`: what is called otherwise there. */
export function placeNames(
  path: readonly string[],
  topName: string | undefined,
): readonly string[] {
  return topName === undefined ? path : [topName, ...path.slice(1)];
}

/** Whether an entry is left out because of what is in its way; throws where that must not be. */
function isLeftOut(entry: Entry, { stat, isAbove }: Obstacle, onConflict: OnConflict): boolean {
  if (onConflict === 'fail') throw taken('something of that name is there');
  const isMerged = entry.kind === 'folder' && stat.kind === 'folder';
  if (isMerged || onConflict === 'rename') return false;
  if (onConflict === 'skip') return true;
  if (stat.kind === 'folder') throw taken('a folder is in the place of a file');
  if (entry.kind !== 'folder' && !isAbove) return false;
  throw taken('a file is in the place of a folder');
}

/** Indices as runs of consecutive ones. */
export function runsOf(indices: Iterable<number>): EntryRun[] {
  const runs: { first: number; count: number }[] = [];
  for (const index of [...indices].sort((a, b) => a - b)) {
    const last = runs.at(-1);
    if (last !== undefined && last.first + last.count === index) last.count += 1;
    else runs.push({ first: index, count: 1 });
  }
  return runs;
}

interface Obstacle {
  readonly stat: FileStat;
  /** Whether it is in the place of a folder that the entry is in. */
  readonly isAbove: boolean;
}

/** Asks about each folder once: where it is not there, nothing is in it. */
class Looker {
  readonly #root: FileRoot;
  readonly #topName: string | undefined;
  readonly #folders = new Map<string, FileStat | undefined>();

  constructor(root: FileRoot, topName: string | undefined) {
    this.#root = root;
    this.#topName = topName;
  }

  /** What is in the way of an entry: at its place, or something else than a folder above it. */
  async at(path: readonly string[]): Promise<Obstacle | undefined> {
    const names = placeNames(path, this.#topName);
    let place = '';
    for (const [depth, name] of names.entries()) {
      place = place === '' ? name : `${place}/${name}`;
      const isLast = depth === names.length - 1;
      const stat = isLast ? await this.#look(place) : await this.#folder(place);
      if (stat === undefined) return undefined;
      if (isLast || stat.kind !== 'folder') return { stat, isAbove: !isLast };
    }
    return undefined;
  }

  async #folder(place: string): Promise<FileStat | undefined> {
    if (!this.#folders.has(place)) this.#folders.set(place, await this.#look(place));
    return this.#folders.get(place);
  }

  async #look(place: string): Promise<FileStat | undefined> {
    return await this.#root.files.lstat(this.#root.at(place)).catch((error: unknown) => {
      if (errnoOf(error) === 'ENOENT' || errnoOf(error) === 'ENOTDIR') return undefined;
      throw error;
    });
  }
}

function taken(detail: string): P2PShareError {
  return new P2PShareError('P2P_TARGET_EXISTS', detail);
}
