import { createHash } from 'node:crypto';
import { lstat, mkdir, readdir, readFile, readlink, symlink, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { sampleBytes } from './sample.ts';

/** Every path below a folder, with all of it that a transfer takes over. */
export async function snapshot(folder: string): Promise<Record<string, string>> {
  const found: Record<string, string> = {};
  for (const name of (await readdir(folder, { recursive: true })).sort()) {
    const path = join(folder, name);
    // As a floating-point number, the last 0.1 us of a millisecond are the next one.
    const stats = await lstat(path, { bigint: true });
    const mtime = stats.mtimeMs;
    if (stats.isSymbolicLink()) found[name] = `link ${await readlink(path)}`;
    else if (stats.isDirectory()) found[name] = `folder ${mtime}`;
    else {
      const sum = createHash('sha256')
        .update(await readFile(path))
        .digest('hex');
      found[name] = `file ${stats.size} ${mtime} ${stats.mode & 0o111n} ${sum}`;
    }
  }
  return found;
}

/** A tree of everything that a tree can have, of about so many bytes. */
export async function writeTree(folder: string, bytes: number): Promise<void> {
  const sizes = [0, 1, 1023, 65_537, Math.floor(bytes / 3), Math.floor(bytes / 2)];
  for (const [index, size] of sizes.entries()) {
    const path = join(folder, `deep/${'x'.repeat(index)}y/file ${index} ü.bin`);
    await mkdir(dirname(path), { recursive: true });
    await writeFile(path, sampleBytes(size, index + 1), { mode: index % 2 === 0 ? 0o644 : 0o755 });
  }
  await mkdir(join(folder, 'empty/still empty'), { recursive: true });
  for (let i = 0; i < 300; i += 1) await writeFile(join(folder, `small-${i}`), `content ${i}`);
  await symlink('deep/y', join(folder, 'inner'));
}
