// Who carries a file from one process to another on this machine: each yields the milliseconds it
// took, and is left out where it is not installed. What a contestant does not do is in its note.
import { execFileSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { chmod, mkdir, writeFile } from 'node:fs/promises';
import { createServer } from 'node:net';
import { userInfo } from 'node:os';
import { basename, dirname, join } from 'node:path';
import { performance } from 'node:perf_hooks';
import process from 'node:process';
import { setTimeout } from 'node:timers/promises';
import { transfer } from './transfer.mjs';
import { makeDurable } from './workshop.mjs';

/** Runs magic-wormhole's mailbox server; Debian calls it by its version. */
const TWIST = tool('twist') ?? tool('twist3');
const PEERS = join(import.meta.dirname, 'peers');

/**
 * `run(workshop, source, out, bytes, warm)` yields `{ ms }`, for p2pshare also the `usage` of both
 * sides. Slow ones get one `share` of the bytes. Whose clock starts later than `run` `warms` the memory
 * itself, when it does.
 */
export function contestants(packages) {
  return [
    { name: 'p2pshare', run: p2pshare({}), warms: true },
    { name: 'TCP + AES-256-GCM in Node', run: tcp },
    { name: 'p2pshare without GSO and GRO', run: p2pshare({ P2PSHARE_NO_GSO: '1' }), warms: true },
    ...installed(packages, 'udx-native', { run: nodePeer('udx', packages), note: 'not sealed' }),
    ...installed(packages, 'node-datachannel', {
      run: nodePeer('datachannel', packages),
      share: 4,
    }),
    ...installed(packages, '@number0/iroh', { run: nodePeer('iroh', packages), share: 16 }),
    ...command('scp', { run: scp, needs: ['/usr/sbin/sshd'] }),
    ...command('rsync', { run: rsync, note: 'daemon, not sealed' }),
    ...command('wormhole', { name: 'magic-wormhole', run: wormhole, needs: [TWIST] }),
    ...command('croc', { run: croc }),
    ...command('iperf3', { name: 'iperf3 TCP', run: iperf([]), note: 'no files, not sealed' }),
    ...command('iperf3', {
      name: 'iperf3 UDP, 1,200 bytes',
      run: iperf(['--udp', '--bitrate', '0', '--length', '1200']),
      note: 'no files, not sealed, may lose',
    }),
  ];
}

export function tool(name) {
  try {
    return execFileSync('sh', ['-c', `command -v ${name}`], { encoding: 'utf8' }).trim();
  } catch {
    return undefined;
  }
}

function command(name, contestant) {
  const needs = [tool(name), ...(contestant.needs ?? [])];
  const isThere = needs.every((path) => path !== undefined && existsSync(path));
  return isThere ? [{ name, ...contestant }] : [];
}

function installed(packages, name, contestant) {
  const isThere = packages !== undefined && existsSync(join(packages, 'node_modules', name));
  return isThere ? [{ name, ...contestant }] : [];
}

function p2pshare(env) {
  return async (workshop, source, out, _bytes, warm) => {
    const start = (...program) => workshop.start(...program);
    const options = { source, out, env, beforeReceiver: warm, isMeasured: true };
    const { ms, usage } = await transfer(start, options);
    return { ms, usage };
  };
}

/** Durable at the end, like ours. */
async function tcp(workshop, source, out) {
  const receiver = workshop.start([join(PEERS, 'tcp.mjs'), 'receive', out]);
  const { port } = await receiver.line((line) => line.port !== undefined);
  const sender = workshop.start([join(PEERS, 'tcp.mjs'), 'send', String(port), source]);
  const { ms } = await receiver.line((line) => line.ms !== undefined);
  await Promise.all([sender.success(), receiver.success()]);
  return { ms };
}

function nodePeer(script, packages) {
  const path = join(PEERS, `${script}.mjs`);
  return async (workshop, source, out, bytes) => {
    const receiver = workshop.start([path, 'receive', out, String(bytes), packages]);
    const place = await receiver.line(({ port, id }) => port !== undefined || id !== undefined);
    const where = place.port === undefined ? JSON.stringify(place) : String(place.port);
    const sender = workshop.start([path, 'send', where, source, packages]);
    const { ms } = await receiver.line((line) => line.ms !== undefined);
    const synced = await timeOf(() => makeDurable(out));
    await Promise.all([sender.end(), receiver.end()]);
    return { ms: ms + synced };
  };
}

async function scp(workshop, source, out) {
  const folder = workshop.path('ssh');
  if (!existsSync(folder)) await prepareSsh(folder);
  const port = await freePort();
  const daemon = workshop.start(['-D', '-e', '-p', String(port), '-f', join(folder, 'config')], {
    command: '/usr/sbin/sshd',
  });
  await listening(port);
  const options = ['-q', '-i', join(folder, 'key'), '-P', String(port)];
  const trust = ['-o', 'StrictHostKeyChecking=no', '-o', 'UserKnownHostsFile=/dev/null'];
  const target = `${userInfo().username}@127.0.0.1:${out}`;
  const ms = await durably(out, () =>
    workshop.start([...options, ...trust, source, target], { command: 'scp' }).success(),
  );
  await daemon.end();
  return { ms };
}

async function prepareSsh(folder) {
  await mkdir(folder, { mode: 0o700 });
  for (const name of ['key', 'host']) {
    execFileSync('ssh-keygen', ['-q', '-t', 'ed25519', '-N', '', '-f', join(folder, name)]);
  }
  execFileSync('cp', [join(folder, 'key.pub'), join(folder, 'authorized')]);
  await chmod(join(folder, 'authorized'), 0o600);
  const lines = [
    'ListenAddress 127.0.0.1',
    `HostKey ${join(folder, 'host')}`,
    `AuthorizedKeysFile ${join(folder, 'authorized')}`,
    'PermitRootLogin prohibit-password',
    'StrictModes no',
    'UsePAM no',
    `PidFile ${join(folder, 'pid')}`,
    'Subsystem sftp internal-sftp',
  ];
  await writeFile(join(folder, 'config'), `${lines.join('\n')}\n`);
  // Where sshd runs as root it wants this folder, which its service would have made.
  if (process.getuid() === 0) await mkdir('/run/sshd', { recursive: true });
}

async function rsync(workshop, source, out) {
  const port = await freePort();
  const config = workshop.path('rsync.conf');
  const module = `[bench]\npath = ${dirname(out)}\nread only = false\nuse chroot = false\n`;
  const owner = process.getuid() === 0 ? 'uid = root\ngid = root\n' : '';
  await writeFile(config, `${owner}${module}`);
  const daemon = workshop.start(
    [
      '--daemon',
      '--no-detach',
      '--address',
      '127.0.0.1',
      '--port',
      String(port),
      '--config',
      config,
    ],
    { command: 'rsync' },
  );
  await listening(port);
  const target = `rsync://127.0.0.1:${port}/bench/${basename(out)}`;
  const ms = await durably(out, () =>
    workshop.start(['--whole-file', source, target], { command: 'rsync' }).success(),
  );
  await daemon.end();
  return { ms };
}

/** Directly from process to process; its mailbox server is one of our own. */
async function wormhole(workshop, source, out) {
  const port = await freePort();
  const mailbox = workshop.start(
    ['wormhole-mailbox', `--port=tcp:${port}:interface=127.0.0.1`, '--channel-db=:memory:'],
    { command: TWIST },
  );
  await listening(port);
  const server = ['--relay-url', `ws://127.0.0.1:${port}/v1`, '--transit-helper', ''];
  const code = '7-bench-bench';
  const sender = workshop.start([...server, 'send', '--hide-progress', '--code', code, source], {
    command: 'wormhole',
  });
  const receive = ['receive', '--hide-progress', '--accept-file', '--output-file', out, code];
  const ms = await durably(out, () =>
    workshop.start([...server, ...receive], { command: 'wormhole' }).success(),
  );
  await sender.success();
  await mailbox.end();
  return { ms };
}

/** By a relay of its own on this machine; it finds the direct way itself. */
async function croc(workshop, source, out) {
  const ports = [await freePort(), await freePort()];
  const relay = workshop.start(['relay', '--host', '127.0.0.1', '--ports', ports.join(',')], {
    command: 'croc',
  });
  await listening(ports[0]);
  const common = ['--yes', '--relay', `127.0.0.1:${ports[0]}`];
  const code = 'bench-bench-bench';
  const sender = workshop.start([...common, 'send', '--code', code, source], { command: 'croc' });
  const received = join(dirname(out), basename(source));
  const folder = join(dirname(out), 'croc');
  await mkdir(folder, { recursive: true });
  const ms = await durably(join(folder, basename(received)), () =>
    workshop
      .start([...common, '--out', folder], { command: 'croc', env: { CROC_SECRET: code } })
      .success(),
  );
  execFileSync('mv', [join(folder, basename(received)), out]);
  await sender.success();
  await relay.end();
  return { ms };
}

function iperf(flags) {
  return async (workshop, _source, out, bytes) => {
    const port = String(await freePort());
    const server = workshop.start(['-s', '-1', '-p', port, '-B', '127.0.0.1'], {
      command: 'iperf3',
    });
    await listening(Number(port));
    const client = workshop.start(
      ['-c', '127.0.0.1', '-p', port, '-n', String(bytes), '-J', ...flags],
      { command: 'iperf3' },
    );
    const { end } = JSON.parse(await client.rest());
    await writeFile(out, '');
    await server.end();
    const { bits_per_second: rate, lost_percent: lost = 0 } = end.sum_received ?? end.sum;
    return { ms: (bytes * 8000) / (rate * (end.sum_received ? 1 : 1 - lost / 100)), isFile: false };
  };
}

async function durably(out, action) {
  return await timeOf(async () => {
    await action();
    await makeDurable(out);
  });
}

async function timeOf(action) {
  const from = performance.now();
  await action();
  return performance.now() - from;
}

export async function freePort() {
  const server = createServer().listen(0, '127.0.0.1');
  await new Promise((resolve) => server.on('listening', resolve));
  const { port } = server.address();
  await new Promise((resolve) => server.close(resolve));
  return port;
}

/** Waits until somebody listens, without a connection, which would be taken for a client. */
async function listening(port) {
  for (let tries = 0; tries < 400; tries += 1) {
    const tables = execFileSync('sh', ['-c', 'cat /proc/net/tcp /proc/net/tcp6'], {
      encoding: 'utf8',
    });
    const local = `:${port.toString(16).toUpperCase().padStart(4, '0')} `;
    if (tables.split('\n').some((line) => line.includes(local) && line.includes(' 0A '))) return;
    await setTimeout(25);
  }
  throw new Error(`nobody listens on port ${port}`);
}
