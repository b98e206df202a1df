import type { Hasher } from '../../protocol/ports.ts';
import type { Entries, Entry } from '../../protocol/transfer/entries/entry.ts';
import type { FileRoot } from '../files/file-root.ts';
import { isProbablySame } from './existing-files.ts';
import { HeldChunks } from './held-chunks.ts';
import { loadJournal } from './journal-file.ts';
import { entryKeys } from './offer-key.ts';
import { pruneTree } from './staged-prune.ts';
import type { StagedTree } from './staged-tree.ts';
import type { Survey } from './target-survey.ts';

/** How long each file of an offer is that is going to be written; 0 for anything else. */
export function wantedSizes(entries: Entries, { skipped }: Survey): (entry: number) => number {
  return (index) => {
    const entry = entries.at(index);
    return entry?.kind === 'file' && !skipped.has(index) ? entry.size : 0;
  };
}

/**
 * How many bytes of an offer are still to be written. What is probably there already is not: it would be
 * no help to refuse what takes no room.
 */
export function bytesNeeded(entries: Entries, survey: Survey, held: HeldChunks): number {
  const sizeOf = wantedSizes(entries, survey);
  let bytes = -held.bytes;
  for (let entry = 0; entry < entries.length; entry += 1) {
    const isThere = isProbablySame(survey.existing.get(entry), entries.at(entry));
    if (!isThere || held.countOf(entry) > 0) bytes += sizeOf(entry);
  }
  return bytes;
}

/** What is there of an offer from an earlier attempt, and good. */
export interface StagedBefore {
  readonly held: HeldChunks;
  /** Entries that have all that they are to have, their mode and time as well. */
  readonly isFinished: (entry: number) => boolean;
  /** Whether there is a journal, of this offer or another. */
  readonly hasJournal: boolean;
}

/** Looks what an earlier attempt has left, checks it, and removes everything else. */
export async function takeUp(
  staging: FileRoot,
  tree: StagedTree,
  offer: {
    readonly entries: Entries;
    readonly sizeOf: (entry: number) => number;
    readonly chunkBytes: number;
    readonly hasher: Hasher;
  },
): Promise<StagedBefore> {
  const { entries, sizeOf, chunkBytes, hasher } = offer;
  const held = new HeldChunks(sizeOf, chunkBytes);
  const journal = await loadJournal(staging, hasher);
  if (journal !== undefined) held.add(journal, await entryKeys(entries, hasher));
  const { sizes, finished } = await dropMissing(staging, { entries, held, tree });
  await held.verify(
    (entry, offset, length) => tree.read(entry, offset, new Uint8Array(length)),
    hasher,
    Math.random,
  );
  for (const [entry, size] of sizes.entries()) {
    const needed = size > 0 ? held.bytesNeeded(entry) : 0;
    // Behind the last chunk that is held there may be anything; and what is empty would be given its name
    // over a file that is the same already, of which nothing is going to be written.
    if (size > 0 && needed === 0) await tree.remove(entry);
    else if (size > needed) await tree.cut(entry, needed);
  }
  const isFinished = (entry: number) => finished[entry] === 1;
  return { held, isFinished, hasJournal: journal !== undefined };
}

/**
 * Forgets what is held of files that are not there, and removes what is there and not held. Yields how
 * many bytes there are of each entry, and 1 for those that are finished.
 */
async function dropMissing(
  staging: FileRoot,
  parts: { readonly entries: Entries; readonly held: HeldChunks; readonly tree: StagedTree },
): Promise<{ readonly sizes: Float64Array; readonly finished: Uint8Array }> {
  const { entries, held, tree } = parts;
  const sizes = new Float64Array(entries.length);
  const finished = new Uint8Array(entries.length);
  const names = namesByFolder(entries, held);
  await pruneTree(staging, (folder, name, stat) => {
    const entry = names.get(folder.join('/'))?.get(name);
    if (entry === undefined || stat.size < held.bytesNeeded(entry)) return false;
    sizes[entry] = stat.size;
    finished[entry] = tree.isFinished(entry, stat) ? 1 : 0;
    return true;
  });
  for (const entry of held.entries) if (sizes[entry] === 0) held.drop(entry);
  return { sizes, finished };
}

/** The entries that are held by their folders and names: whole paths of a million would take far more. */
function namesByFolder(
  entries: Entries,
  held: HeldChunks,
): ReadonlyMap<string, ReadonlyMap<string, number>> {
  const folders = new Map<string, Map<string, number>>();
  for (const entry of held.entries) {
    const { path } = entries.at(entry) as Entry;
    const folder = path.slice(0, -1).join('/');
    const names = folders.get(folder) ?? new Map<string, number>();
    folders.set(folder, names);
    names.set(String(path.at(-1)), entry);
  }
  return folders;
}
