import { open, rename, rm } from 'node:fs/promises';

/** Puts a text in place of a file, or makes it, for this user alone; readers see the old or the new one. */
export async function replaceFile(path: string, text: string): Promise<void> {
  const staged = `${path}.${process.pid}.new`;
  try {
    const file = await open(staged, 'wx', 0o600);
    try {
      await file.writeFile(text);
      await file.sync();
    } finally {
      await file.close();
    }
    await rename(staged, path);
  } catch (error) {
    await rm(staged, { force: true });
    throw error;
  }
}
