// Many small files over loopback: the time from the receiver's consent to the tree under its final
// name, beside `tar | tar` over the same files, and the largest resident size of both sides.
//   npm run bench:trees [-- --files 100000 --rounds 3 --dir DIR]
import { execFileSync } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { performance } from 'node:perf_hooks';
import process from 'node:process';
import { parseArgs } from 'node:util';
import { median } from './median.mjs';
import { Program } from './program.mjs';
import { transfer } from './transfer.mjs';

const PER_FOLDER = 100;

const { values } = parseArgs({
  options: {
    files: { type: 'string', default: '100000' },
    rounds: { type: 'string', default: '3' },
    dir: { type: 'string', default: tmpdir() },
  },
});
const files = Number(values.files);
const rounds = Number(values.rounds);

const folder = await mkdtemp(join(values.dir, 'p2pshare-bench-'));
const programs = [];
try {
  await bench();
} finally {
  await Promise.all(programs.map((program) => program.end()));
  await rm(folder, { recursive: true, force: true });
}

async function bench() {
  const source = join(folder, 'source');
  await plant(source);
  const times = { p2pshare: [], 'tar | tar': [] };
  const peaks = { sender: [], receiver: [] };
  // Each into a folder of its own, and nothing is removed meanwhile: ext4 looks long for an inode
  // where many have just been removed.
  for (let round = 0; round < rounds; round += 1) {
    const { ms, sender, receiver } = await p2pshare(source, join(folder, `ours-${round}`));
    times.p2pshare.push(ms);
    peaks.sender.push(sender);
    peaks.receiver.push(receiver);
    times['tar | tar'].push(await tar(source, join(folder, `tar-${round}`)));
    execFileSync('diff', ['--recursive', source, join(folder, `ours-${round}`, 'source')]);
  }
  for (const [name, all] of Object.entries(times)) {
    process.stdout.write(`${name.padEnd(10)} ${(median(all) / 1000).toFixed(1)} s\n`);
  }
  for (const [name, all] of Object.entries(peaks)) {
    process.stdout.write(`${name.padEnd(10)} ${Math.max(...all)} MiB at most\n`);
  }
}

/** Files of 0 to 1 KiB in folders of folders. */
async function plant(root) {
  for (let file = 0; file < files; file += 1) {
    const group = Math.floor(file / PER_FOLDER);
    const path = join(root, `d${Math.floor(group / 10)}`, `e${group % 10}`);
    if (file % PER_FOLDER === 0) await mkdir(path, { recursive: true });
    await writeFile(join(path, `f${file}`), randomBytes(file % 1025));
  }
}

async function p2pshare(source, out) {
  await mkdir(out);
  const { ms, usage } = await transfer(start, { source, out, isMeasured: true });
  return { ms, sender: usage.sender.peakMib, receiver: usage.receiver.peakMib };
}

/** The same on one machine, without a network, a check or a sync but the last. */
async function tar(source, out) {
  await mkdir(out);
  const from = performance.now();
  execFileSync('sh', [
    '-c',
    'tar -C "$1" -c . | tar -C "$2" -x && sync -f "$2"',
    'sh',
    source,
    out,
  ]);
  return performance.now() - from;
}

function start(args, options) {
  const program = new Program(args, options);
  programs.push(program);
  return program;
}
