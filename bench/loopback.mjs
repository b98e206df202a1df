// One file over loopback, file to file, encrypted, verified and synced to the disk on both sides of
// the comparison: p2pshare against TCP with AES-256-GCM in Node, in turn, medians of several rounds.
//   npm run bench [-- --rounds 5 --bytes 1073741824 --dir DIR]
import { createHash, randomBytes } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { mkdtemp, open, rm } from 'node:fs/promises';
import { availableParallelism, cpus, tmpdir, totalmem } from 'node:os';
import { join } from 'node:path';
import process from 'node:process';
import { setTimeout } from 'node:timers/promises';
import { parseArgs } from 'node:util';
import { Program } from './program.mjs';
import { transfer } from './transfer.mjs';

const TCP = join(import.meta.dirname, 'tcp-peer.mjs');

const { values } = parseArgs({
  options: {
    rounds: { type: 'string', default: '5' },
    bytes: { type: 'string', default: String(2 ** 30) },
    // A folder on a disk is what a transfer ends on; one in memory shows the programs alone.
    dir: { type: 'string', default: tmpdir() },
  },
});
const rounds = Number(values.rounds);
const bytes = Number(values.bytes);

const folder = await mkdtemp(join(values.dir, 'p2pshare-bench-'));
const programs = [];
try {
  await bench();
} finally {
  await Promise.all(programs.map((program) => program.end()));
  await rm(folder, { recursive: true, force: true });
}

async function bench() {
  const source = join(folder, 'source.bin');
  await fill(source);
  const expected = await sha256(source);
  const contestants = { p2pshare, 'TCP + AES-256-GCM': tcp };
  const times = Object.fromEntries(Object.keys(contestants).map((name) => [name, []]));
  for (let round = 0; round < rounds; round += 1) {
    for (const [name, run] of Object.entries(contestants)) {
      const target = join(folder, 'target.bin');
      times[name].push(await run(source, target));
      if (round === 0 && (await sha256(target)) !== expected) throw new Error(`${name}: not equal`);
      await rm(target);
      await settled();
    }
    process.stderr.write(`round ${round + 1} of ${rounds}\n`);
  }
  report(times);
}

/** Milliseconds from the receiver's consent to the file under its final name. */
async function p2pshare(source, target) {
  return (await transfer(start, { source, out: target })).ms;
}

/** Milliseconds from the accepted connection to the file under its final name. */
async function tcp(source, target) {
  const receiver = start([TCP, 'receive', target]);
  const { port } = await receiver.line((line) => line.port !== undefined);
  const sender = start([TCP, 'send', String(port), source]);
  const { ms } = await receiver.line((line) => line.ms !== undefined);
  await Promise.all([sender.success(), receiver.success()]);
  return ms;
}

function start(args) {
  const program = new Program(args);
  programs.push(program);
  return program;
}

function report(times) {
  const [model] = cpus();
  console.log(
    `${(bytes / 2 ** 20).toFixed(0)} MiB over loopback, ${values.dir}, medians of ${rounds}; ` +
      `${availableParallelism()} cores (${model?.model}), ${(totalmem() / 2 ** 30).toFixed(0)} GiB, ` +
      `Node ${process.version}`,
  );
  const rows = Object.entries(times).map(([name, all]) => ({ name, ...summary(all) }));
  const base = rows.at(-1).median;
  for (const { name, median, least, most } of rows) {
    const ratio = (median / base).toFixed(2);
    console.log(
      `${name.padEnd(20)} ${gigabits(median)} Gbit/s (${gigabits(least)} to ${gigabits(most)})  x ${ratio}`,
    );
  }
}

function summary(all) {
  const rates = all.map((ms) => (bytes * 8) / ms / 1e6).sort((a, b) => a - b);
  return { median: rates[Math.floor(rates.length / 2)], least: rates[0], most: rates.at(-1) };
}

function gigabits(rate) {
  return rate.toFixed(2).padStart(6);
}

/**
 * A virtual machine hands freed memory back to its host after two seconds, and getting it again is
 * slow: whoever started sooner would still find that of the removed file. See docs/performance.md.
 */
async function settled() {
  await setTimeout(4000);
}

async function fill(path) {
  const file = await open(path, 'w');
  for (let left = bytes; left > 0; left -= 2 ** 20) {
    await file.write(randomBytes(Math.min(left, 2 ** 20)));
  }
  // Else the disk would still be busy with it in the first rounds.
  await file.sync();
  await file.close();
}

async function sha256(path) {
  const hash = createHash('sha256');
  for await (const piece of createReadStream(path)) hash.update(piece);
  return hash.digest('hex');
}
