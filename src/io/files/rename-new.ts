import { lstat } from 'node:fs/promises';
import { promisify } from 'node:util';
import { errnoOf } from './file-errors.ts';

/** renameat2(2). */
const AT_FDCWD = -100;
const RENAME_NOREPLACE = 1;

type Renameat2 = (from: string, to: string) => Promise<boolean>;

let probed: Promise<Renameat2 | undefined> | undefined;

/**
 * Renames what is at an absolute path, unless the other name is taken: false where it is, `undefined`
 * where the file system or the machine cannot do both in one step.
 */
export async function renameNew(from: string, to: string): Promise<boolean | undefined> {
  probed ??= probe();
  const renameat2 = await probed;
  if (renameat2 === undefined) return undefined;
  if (await renameat2(from, to)) return true;
  // The error number is of another thread. What else is wrong, another way of renaming tells.
  return await lstat(to).then(
    () => false,
    (error: unknown) => {
      if (errnoOf(error) === 'ENOENT') return undefined;
      throw error;
    },
  );
}

async function probe(): Promise<Renameat2 | undefined> {
  if (process.platform !== 'linux') return undefined;
  try {
    const { default: koffi } = await import('koffi');
    const declared = 'int renameat2(int from_fd, str from, int to_fd, str to, unsigned int flags)';
    const renameat2 = promisify(koffi.load(null).func(declared).async);
    return async (from, to) =>
      (await renameat2(AT_FDCWD, from, AT_FDCWD, to, RENAME_NOREPLACE)) === 0;
  } catch {
    return undefined; // koffi is an optional dependency, and not every C library has the call.
  }
}
