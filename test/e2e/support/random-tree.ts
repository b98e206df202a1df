import {
  cp,
  mkdir,
  readdir,
  rm,
  stat,
  symlink,
  truncate,
  utimes,
  writeFile,
} from 'node:fs/promises';
import { join } from 'node:path';
import type { SeededRandom } from '../../support/seeded-random.ts';
import { seededText } from '../../support/seeded-text.ts';
import { sampleBytes } from './sample.ts';

/** Names that somebody may give to files, and that some program may take for something else. */
const NAMES = [
  'a',
  'with blanks ',
  'ümlaut',
  '日本',
  'emoji 😀',
  'x'.repeat(100),
  "quo'te",
  'dollar$',
  '-dash',
  'file.tar.gz',
  'UPPER',
  '.hidden',
  'comma,',
  '%41',
  'copy (2)',
].map((name) => name.trim());
/** Around the sizes of slices, records and chunks, and nothing. */
const SIZES = [0, 1, 4096, 65_535, 65_536, 65_537, 2 ** 20 - 1, 2 ** 20, 2 ** 20 + 1];
const LARGEST = 6_000_000;
const DEPTH = 3;
/** In 2023: what is far in the future is not taken over. */
const LATEST = 1_700_000_000;

/** Makes a folder of files, folders and links. */
export async function writeRandomTree(
  random: SeededRandom,
  folder: string,
  depth = 0,
): Promise<void> {
  await mkdir(folder);
  for (const name of NAMES) {
    const path = join(folder, name);
    const kind = random.integer(10 + 10 * depth);
    if (kind === 0 && depth < DEPTH) await writeRandomTree(random, path, depth + 1);
    else if (kind === 1) await symlink('a', path);
    else if (kind < 5) await writeRandomFile(random, path);
  }
}

export async function writeRandomFile(random: SeededRandom, path: string): Promise<void> {
  const size = random.chance(0.6)
    ? (SIZES[random.integer(SIZES.length)] as number)
    : random.integer(LARGEST);
  const mode = random.chance(0.8) ? 0o644 : 0o755;
  await writeFile(path, randomContent(random, size), { mode });
  // Whole seconds, which Node copies as they are.
  const modified = random.integer(LATEST);
  await utimes(path, modified, modified);
}

/** Of which half can be compressed. */
function randomContent(random: SeededRandom, size: number): Uint8Array {
  return random.chance(0.5) ? seededText(random, size) : sampleBytes(size, random.integer(256));
}

/** Copies things as they may have been at another time: without some files, and with others changed. */
export async function writeOlder(random: SeededRandom, from: string, to: string): Promise<void> {
  await cp(from, to, { recursive: true, preserveTimestamps: true, verbatimSymlinks: true });
  for (const entry of await readdir(to, { recursive: true, withFileTypes: true })) {
    if (!entry.isFile() || random.chance(0.4)) continue;
    const path = join(entry.parentPath, entry.name);
    const { size } = await stat(path);
    const kind = random.integer(4);
    if (kind === 0) await rm(path);
    else if (kind === 1) await truncate(path, random.integer(size + 1));
    else if (kind === 2) await writeFile(path, 'more', { flag: 'a' });
    else await writeFile(path, sampleBytes(size, random.integer(256)));
  }
}
