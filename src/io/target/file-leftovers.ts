import { P2PShareError } from '../../protocol/errors.ts';
import { errnoOf } from '../files/file-errors.ts';
import { FileRoot } from '../files/file-root.ts';
import { findStaging, removeStaging } from './staging-folder.ts';

/**
 * Removes what a transfer that died has left in a folder of the receiver's, by the name that we give
 * and no other; whether nothing is left of it. `id`: of the transfer, letters and digits.
 */
export async function removeLeftovers(directory: string, id: string): Promise<boolean> {
  let root: FileRoot;
  try {
    root = await FileRoot.open(directory, true);
  } catch (error) {
    if (errnoOf(error) === 'ENOENT') return true;
    throw error;
  }
  try {
    const staging = await findStaging(root, id);
    if (staging !== undefined) await removeStaging(root, id, staging);
    return true;
  } catch (error) {
    // It is not ours alone.
    if (error instanceof P2PShareError) return false;
    throw error;
  } finally {
    await root.close();
  }
}
