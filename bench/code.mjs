// How long somebody waits for the code: from the start of the process to the code of a sparse file of
// 100 GiB, beside the time that Node itself takes to start and end.
//   npm run bench:code [-- --rounds 15 --dir DIR]
import { execFileSync } from 'node:child_process';
import { mkdtemp, open, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { performance } from 'node:perf_hooks';
import process from 'node:process';
import { parseArgs } from 'node:util';
import { median } from './median.mjs';
import { Program } from './program.mjs';

const CLI = join(import.meta.dirname, '..', 'bin', 'p2pshare.js');
const BYTES = 100 * 2 ** 30;

const { values } = parseArgs({
  options: {
    rounds: { type: 'string', default: '15' },
    dir: { type: 'string', default: tmpdir() },
  },
});
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
  const path = join(folder, 'sparse.bin');
  const file = await open(path, 'w');
  await file.truncate(BYTES);
  await file.close();
  const times = { p2pshare: [], node: [] };
  // In turn: whatever else the machine does meets both.
  for (let round = 0; round < rounds; round += 1) {
    times.node.push(timeOf(() => execFileSync(process.execPath, ['-e', '0'])));
    times.p2pshare.push(await timeToCode(path));
  }
  const [code, node] = [median(times.p2pshare), median(times.node)];
  const range = `${Math.min(...times.p2pshare).toFixed(0)} to ${Math.max(...times.p2pshare).toFixed(0)}`;
  console.log(`${rounds} rounds: code after ${code.toFixed(0)} ms (${range})`);
  console.log(`node alone ${node.toFixed(0)} ms: ratio ${(code / node).toFixed(1)}`);
}

async function timeToCode(path) {
  const state = await mkdtemp(join(folder, 'state-'));
  const begin = performance.now();
  const program = new Program([CLI, 'send', '--json', path], { env: { XDG_STATE_HOME: state } });
  programs.push(program);
  await program.line((event) => event.event === 'code');
  const time = performance.now() - begin;
  await program.end();
  return time;
}

function timeOf(action) {
  const begin = performance.now();
  action();
  return performance.now() - begin;
}
