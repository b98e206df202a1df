import type { FileRoot } from './file-root.ts';
import { TREE } from './staging-folder.ts';

/** Removes what is in a staged tree, all but the files at these paths, with `/` between names. */
export async function pruneTree(
  staging: FileRoot,
  keeps: (path: string, size: number) => boolean,
): Promise<void> {
  await prune(staging, '', keeps);
}

async function prune(
  staging: FileRoot,
  folder: string,
  keeps: (path: string, size: number) => boolean,
): Promise<void> {
  const { files } = staging;
  for (const name of await files.readFolder(staging.at(`${TREE}/${folder}`))) {
    const path = `${folder}${name}`;
    const place = staging.at(`${TREE}/${path}`);
    const { kind, size } = await files.lstat(place);
    if (kind === 'folder') {
      await prune(staging, `${path}/`, keeps);
      // Still in use, if it is not empty.
      await files.rmdir(place).catch(() => undefined);
    } else if (kind !== 'file' || !keeps(path, size)) await files.unlink(place, size);
  }
}
