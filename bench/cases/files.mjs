// 10,000 files of 4 KiB beside one file of the same bytes.
import { randomBytes } from 'node:crypto';
import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { transfer } from '../transfer.mjs';
import { warmMemory } from '../workshop.mjs';

export const title = '10,000 files of 4 KiB';

const FILES = 10_000;
const FILE_BYTES = 4096;
const PER_FOLDER = 100;

export async function run({ workshop, rounds, say }) {
  const sources = {
    'one file of the same bytes': await workshop.file(FILES * FILE_BYTES),
    '10,000 files': await plant(workshop.path('tree')),
  };
  const rows = Object.keys(sources).map((name) => ({ name, unit: 's', values: [] }));
  for (let round = 0; round < rounds; round += 1) {
    for (const [index, source] of Object.values(sources).entries()) {
      // Into a folder of its own, and nothing is removed meanwhile: ext4 looks long for an inode
      // where many have just been removed.
      const out = workshop.path(`out-${round}-${index}`);
      await mkdir(out);
      await warmMemory(workshop.folder, 2 ** 28);
      const { ms } = await transfer((...program) => workshop.start(...program), { source, out });
      await workshop.endPrograms();
      rows[index].values.push(ms / 1000);
      say(`files ${round + 1}/${rounds} ${rows[index].name} ${(ms / 1000).toFixed(2)} s`);
    }
  }
  return rows;
}

async function plant(root) {
  for (let file = 0; file < FILES; file += 1) {
    const folder = join(root, `d${Math.floor(file / PER_FOLDER)}`);
    if (file % PER_FOLDER === 0) await mkdir(folder, { recursive: true });
    await writeFile(join(folder, `f${file}`), randomBytes(FILE_BYTES));
  }
  return root;
}
