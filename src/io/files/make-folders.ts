import { mkdir } from 'node:fs/promises';
import { dirname } from 'node:path';
import { errnoOf } from './file-errors.ts';

/**
 * Makes a folder and those above it, as far as they are missing. Node's own way (`recursive`) goes on
 * for ever where a system says ENOENT to a name whose folder is there, as automounters and /proc do.
 */
export async function makeFolders(path: string, mode = 0o777): Promise<void> {
  try {
    await make(path, mode);
  } catch (error) {
    if (errnoOf(error) !== 'ENOENT' || dirname(path) === path) throw error;
    await makeFolders(dirname(path), mode);
    await make(path, mode);
  }
}

async function make(path: string, mode: number): Promise<void> {
  try {
    await mkdir(path, { mode });
  } catch (error) {
    // Whoever uses it finds out whether it is a folder.
    if (errnoOf(error) !== 'EEXIST') throw error;
  }
}
