import type { Entry, FileEntry } from '../protocol/transfer/entry.ts';
import type { FileRoot } from './file-root.ts';
import type { HeldChunks } from './held-chunks.ts';
import { pruneTree } from './staged-prune.ts';
import type { Survey } from './target-survey.ts';

/** The files of an offer that are going to be written, by index. */
export function wantedFiles(
  entries: readonly Entry[],
  { skipped }: Survey,
): ReadonlyMap<number, FileEntry> {
  const files = new Map<number, FileEntry>();
  for (const [index, entry] of entries.entries()) {
    if (entry.kind === 'file' && !skipped.has(index)) files.set(index, entry);
  }
  return files;
}

/**
 * Forgets what is held of files that are not there, and removes what is there and not held. Yields how
 * many bytes there are of each of the others.
 */
export async function dropMissing(
  staging: FileRoot,
  wanted: ReadonlyMap<number, FileEntry>,
  held: HeldChunks,
): Promise<ReadonlyMap<number, number>> {
  const indices = new Map<string, number>();
  for (const entry of held.entries) {
    indices.set((wanted.get(entry) as FileEntry).path.join('/'), entry);
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
