import { asFileError, errnoOf } from '../files/file-errors.ts';
import { FileRoot } from '../files/file-root.ts';
import type { FileSystem } from '../files/file-system.ts';
import type { OnConflict } from './file-publish.ts';
import { placeOf, type Target } from './file-target.ts';
import { findStaging, removeStaging, TREE } from './staging-folder.ts';
import { type Published, TreePublisher } from './tree-publish.ts';

export interface PublishOptions {
  readonly target: Target;
  readonly onConflict: OnConflict;
  /** Names the staging folder. */
  readonly id: string;
}

/**
 * Gives what an earlier process had settled its final names, as far as it has not come to that; also
 * when there is nothing left to do.
 */
export async function publishSettled(
  options: PublishOptions & { readonly files?: FileSystem },
): Promise<Published[]> {
  const { target, id, files } = options;
  return await asFileError('target', async () => {
    const root = await FileRoot.open(placeOf(target).directory, true, files);
    try {
      const staging = await findStaging(root, id);
      if (staging === undefined) return [];
      try {
        return await publishStaged(options, root, staging);
      } finally {
        await staging.close();
      }
    } finally {
      await root.close();
    }
  });
}

/** Gives what is staged its final names, and removes the staging folder, which it closes. */
export async function publishStaged(
  { target, onConflict, id }: PublishOptions,
  root: FileRoot,
  staging: FileRoot,
): Promise<Published[]> {
  const { files } = root;
  const publisher = new TreePublisher(files, onConflict, await files.syncAll());
  const published = await publishTree(staging, (tree) =>
    publisher.publish(tree, root, placeOf(target).name),
  );
  // It is done; what cannot be removed is no reason to say that it is not.
  await removeStaging(root, id, staging)
    .then(() => root.sync())
    .catch(() => undefined);
  return published;
}

async function publishTree(
  staging: FileRoot,
  publish: (tree: FileRoot) => Promise<Published[]>,
): Promise<Published[]> {
  let tree: FileRoot;
  try {
    tree = await FileRoot.open(staging.at(TREE), false, staging.files);
  } catch (error) {
    // We have died while we tidied up.
    if (errnoOf(error) === 'ENOENT') return [];
    throw error;
  }
  try {
    return await publish(tree);
  } finally {
    await tree.close();
  }
}
