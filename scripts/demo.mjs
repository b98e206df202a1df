// One transfer between real processes: `npm run demo [-- FILE]`. Starts a server, a sender and a
// receiver on this machine, compares the SHA-256 of both ends, and leaves nothing behind.
import { spawn } from 'node:child_process';
import { createHash } from 'node:crypto';
import { once } from 'node:events';
import { createReadStream } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { devNull, tmpdir } from 'node:os';
import { basename, join, resolve } from 'node:path';
import process from 'node:process';
import { createInterface } from 'node:readline';

const CLI = join(import.meta.dirname, '..', 'bin', 'p2pshare.js');
const TIME_LIMIT_MS = 120_000;

const running = new Set();
const interruption = new AbortController();

const folder = await mkdtemp(join(tmpdir(), 'p2pshare-demo-'));
for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP']) {
  process.once(signal, () => interruption.abort(new Error(`ended by ${signal}`)));
}
const timer = setTimeout(
  () => interruption.abort(new Error(`not finished after ${TIME_LIMIT_MS / 1_000} s`)),
  TIME_LIMIT_MS,
);
try {
  await demo(resolve(process.argv[2] ?? process.execPath));
} catch (error) {
  process.exitCode = 1;
  console.error(`demo failed: ${error.message}`);
} finally {
  clearTimeout(timer);
  await endAll();
  await rm(folder, { recursive: true, force: true });
}

async function demo(file) {
  const server = start('server', '--listen', '127.0.0.1:0');
  const { endpoints } = await server.event('ready');
  console.log(`server     ready on ${endpoints[0]}`);

  const common = ['--no-lan', '--server', endpoints[0]];
  const sender = start('send', ...common, file);
  const { code } = await sender.event('code');
  console.log(`sender     offers ${file}`);

  const receiver = start('receive', '--yes', '--out', folder, ...common, code);
  const [sent, received] = await Promise.all([sender.event('done'), receiver.event('done')]);
  await Promise.all([sender.success(), receiver.success()]);
  report(receiver.lastPath(), received, sent);

  const sums = await Promise.all([sha256(file), sha256(join(folder, basename(file)))]);
  console.log(`sent       SHA-256 ${sums[0]}`);
  console.log(`received   SHA-256 ${sums[1]}`);
  if (sums[0] !== sums[1]) throw new Error('what arrived is not what was sent');
  console.log('equal');
}

function report(path, received, sent) {
  const via = path === undefined ? received.path : `${path.kind} (${path.via})`;
  console.log(`path       ${via}, ${path?.local} to ${path?.remote}`);
  const rate = received.ms > 0 ? (received.bytes / received.ms / 1_000).toFixed(1) : '-';
  console.log(`receiver   ${received.bytes} bytes in ${received.ms.toFixed(0)} ms, ${rate} MB/s`);
  console.log(`sender     done after ${sent.ms.toFixed(0)} ms`);
}

/** Starts one command of the built CLI and follows its events. */
function start(command, ...args) {
  const child = spawn(process.execPath, [CLI, command, '--json', ...args], {
    stdio: ['ignore', 'pipe', 'pipe'],
    // What the user has set, or has not finished yet, is left alone.
    env: { ...process.env, P2PSHARE_CONFIG: devNull, XDG_STATE_HOME: join(folder, 'state') },
  });
  running.add(child);
  const exited = once(child, 'exit').finally(() => running.delete(child));
  let complaint = '';
  child.stderr.on('data', (chunk) => {
    complaint += chunk;
  });
  const seen = followEvents(child.stdout);
  return {
    lastPath: () => seen.events.findLast(({ event }) => event === 'path'),
    event: (name) =>
      seen.next(name, () => new Error(`${command} ended early: ${complaint.trim()}`)),
    success: async () => {
      const [status] = await exited;
      if (status !== 0) throw new Error(`${command} exited with ${status}: ${complaint.trim()}`);
    },
  };
}

/** Collects events, so that one which comes early is found late. */
function followEvents(stream) {
  const events = [];
  const waiting = new Set();
  let ended = false;
  const look = () => {
    for (const wake of waiting) wake();
  };
  const lines = createInterface({ input: stream });
  lines.on('line', (line) => {
    events.push(JSON.parse(line));
    look();
  });
  lines.on('close', () => {
    ended = true;
    look();
  });
  const next = (name, early) =>
    new Promise((found, failed) => {
      const wake = () => {
        const event = events.find((candidate) => candidate.event === name);
        if (event !== undefined) found(event);
        else if (ended) failed(early());
        else return;
        waiting.delete(wake);
      };
      interruption.signal.addEventListener('abort', () => failed(interruption.signal.reason));
      waiting.add(wake);
      wake();
    });
  return { events, next };
}

/** Ends what was started: kindly first, because a kind end is part of what is shown. */
async function endAll() {
  const ends = [...running].map(async (child) => {
    const exit = once(child, 'exit');
    child.kill('SIGTERM');
    const force = setTimeout(() => child.kill('SIGKILL'), 2_000);
    await exit;
    clearTimeout(force);
  });
  await Promise.all(ends);
}

async function sha256(path) {
  const hash = createHash('sha256');
  for await (const chunk of createReadStream(path)) hash.update(chunk);
  return hash.digest('hex');
}
