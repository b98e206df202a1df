import type { Entries, Entry } from '../protocol/transfer/entry.ts';
import type { FileRoot } from './file-root.ts';
import type { HeldChunks } from './held-chunks.ts';
import { pruneTree } from './staged-prune.ts';
import type { Survey } from './target-survey.ts';

/** How long each file of an offer is that is going to be written; 0 for anything else. */
export function wantedSizes(entries: Entries, { skipped }: Survey): (entry: number) => number {
  return (index) => {
    const entry = entries.at(index);
    return entry?.kind === 'file' && !skipped.has(index) ? entry.size : 0;
  };
}

/**
 * Forgets what is held of files that are not there, and removes what is there and not held. Yields how
 * many bytes there are of each of the others.
 */
export async function dropMissing(
  staging: FileRoot,
  entries: Entries,
  held: HeldChunks,
): Promise<ReadonlyMap<number, number>> {
  const indices = new Map<string, number>();
  for (const entry of held.entries) {
    indices.set((entries.at(entry) as Entry).path.join('/'), entry);
  }
  const sizes = new Map<number, number>();
  await pruneTree(staging, (path, size) => {
    const entry = indices.get(path);
    if (entry === undefined || size < held.bytesNeeded(entry)) return false;
    sizes.set(entry, size);
    return true;
  });
  for (const entry of indices.values()) if (!sizes.has(entry)) held.drop(entry);
  return sizes;
}
