import type { FileRoot } from '../files/file-root.ts';
import type { FileStat } from '../files/file-system.ts';
import { TREE } from './staging-folder.ts';

/** Whether a file stays; `folder`: the one that it is in, by the names from the top of the tree on. */
type Keeps = (folder: readonly string[], name: string, stat: FileStat) => boolean;

/** Removes what is in a staged tree, all but the files that are kept. */
export async function pruneTree(staging: FileRoot, keeps: Keeps): Promise<void> {
  await prune(staging, { folder: [], bytes: undefined }, keeps);
}

/** `bytes`: how large the folder is itself, where that is known. */
async function prune(
  staging: FileRoot,
  { folder, bytes }: { readonly folder: readonly string[]; readonly bytes: number | undefined },
  keeps: Keeps,
): Promise<void> {
  const { files } = staging;
  const path = staging.at([TREE, ...folder].join('/'));
  for (const name of await files.readFolder(path, bytes)) {
    const place = `${path}/${name}`;
    const stat = await files.lstat(place);
    if (stat.kind === 'folder') {
      await prune(staging, { folder: [...folder, name], bytes: stat.size }, keeps);
      // Still in use, if it is not empty.
      await files.rmdir(place).catch(() => undefined);
    } else if (stat.kind !== 'file' || !keeps(folder, name, stat)) {
      await files.unlink(place, stat.size);
    }
  }
}
