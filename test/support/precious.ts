import { lstat, mkdir, readdir, readFile, symlink, writeFile } from 'node:fs/promises';
import { join } from 'node:path';

/** Makes the folder `inbox` in `base`, with all that must not be touched in it and beside it. */
export async function plantPrecious(base: string, inbox: string): Promise<void> {
  await mkdir(join(inbox, 'folder'), { recursive: true });
  await writeFile(join(base, 'precious'), 'precious');
  await writeFile(join(inbox, 'old'), 'old');
  await writeFile(join(inbox, 'folder', 'x'), 'old');
  await symlink(join(base, 'precious'), join(inbox, 'link'));
  await symlink(join(base, 'outside'), join(inbox, 'dangling'));
}

/** Every path below, with what tells whether it is still the same thing with the same content. */
export async function walkInodes(folder: string): Promise<Map<string, string>> {
  const found = new Map<string, string>();
  for (const name of await readdir(folder)) {
    const path = join(folder, name);
    const stats = await lstat(path);
    const isFolder = stats.isDirectory();
    const content = stats.isFile() ? await readFile(path, 'utf8') : '';
    // How many links a folder has says how many folders are in it: those may be new.
    found.set(path, `${stats.ino} ${stats.mode} ${isFolder ? '' : stats.nlink} ${content}`);
    if (isFolder) for (const [below, what] of await walkInodes(path)) found.set(below, what);
  }
  return found;
}
