import type { Hasher } from '../../protocol/ports.ts';
import { FileRoot } from '../files/file-root.ts';
import { loadJournal } from './journal-file.ts';
import { findStaging } from './staging-folder.ts';

/**
 * How many bytes the journal of a transfer says are safe in this folder, the last chunk of each file
 * counted as a whole one; `undefined` where there is no journal.
 */
export async function arrivedBytes(
  directory: string,
  id: string,
  hasher: Hasher,
): Promise<number | undefined> {
  const root = await FileRoot.open(directory, true);
  try {
    const staging = await findStaging(root, id);
    if (staging === undefined) return undefined;
    try {
      const journal = await loadJournal(staging, hasher);
      if (journal === undefined) return undefined;
      let chunks = 0;
      for (const { sums } of journal.runs) chunks += sums.length;
      return chunks * journal.head.chunkBytes;
    } finally {
      await staging.close();
    }
  } finally {
    await root.close();
  }
}
