import { type ChildProcess, execFile, spawn } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { access, chmod, mkdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { afterEach, beforeAll, describe, expect, it } from 'vitest';
import { CLI, ensureBuilt } from './support/build.ts';
import { trackChild } from './support/lab-namespaces.ts';
import { finalContents, Stage } from './support/stage.ts';

const run = promisify(execFile);
const EXAMPLES = join(import.meta.dirname, '../../examples');
const stage = new Stage();
const children: ChildProcess[] = [];

beforeAll(ensureBuilt);
afterEach(async () => {
  // With what they have started, where it is still there.
  for (const { pid } of children.splice(0)) {
    try {
      process.kill(-(pid as number), 'SIGKILL');
    } catch {}
  }
  await stage.clear();
});

/** A machine with `p2pshare` and an `ssh` that finds each host in a folder of that name. */
interface Machine {
  readonly folder: string;
  readonly env: Readonly<Record<string, string | undefined>>;
  start(command: string, ...args: string[]): Promise<number | null>;
}

async function machine(): Promise<Machine> {
  const folder = await stage.folder();
  const { endpoint } = await stage.server();
  const { PATH } = process.env;
  const bin = join(folder, 'bin');
  await mkdir(bin);
  const scripts = {
    p2pshare: `exec "${process.execPath}" "${CLI}" "$@"`,
    ssh: `host=$1; shift; mkdir -p "${folder}/$host" && cd "${folder}/$host" && exec sh -c "$*"`,
  };
  for (const [name, line] of Object.entries(scripts)) {
    await writeFile(join(bin, name), `#!/bin/sh\n${line}\n`);
    await chmod(join(bin, name), 0o755);
  }
  const env = {
    PATH: `${bin}:${PATH}`,
    HOME: folder,
    XDG_STATE_HOME: join(folder, 'state'),
    P2PSHARE_SERVER: endpoint,
    P2PSHARE_NO_LAN: '1',
    DROP: 'drop',
    CODE_FILE: join(folder, 'code.txt'),
  };
  const start = async (command: string, ...args: string[]) => {
    const child = spawn(command, args, {
      cwd: folder,
      env,
      stdio: ['ignore', 'inherit', 'inherit'],
      detached: true,
    });
    trackChild(child);
    children.push(child);
    const [status] = await once(child, 'close');
    return status as number | null;
  };
  return { folder, env, start };
}

const script = (name: string) => join(EXAMPLES, name);

async function isThere(path: string): Promise<boolean> {
  return await access(path).then(
    () => true,
    () => false,
  );
}

async function untilThere(path: string): Promise<void> {
  while (!(await isThere(path))) await new Promise((resolve) => setImmediate(resolve));
}

describe('the example scripts', { timeout: 90_000 }, () => {
  it('nightly-backup: two nights, of which the second brings what has changed', async () => {
    const { folder, start } = await machine();
    await mkdir(join(folder, 'data'));
    await mkdir(join(folder, 'backup'));
    for (const content of ['monday', 'tuesday']) {
      await writeFile(join(folder, 'data', 'diary.txt'), content);
      const sender = start(script('nightly-backup-send.sh'), 'data');
      const drop = join(folder, 'drop', 'p2pshare-code');
      await untilThere(drop);
      // Whoever takes it at once must not find a file that is still empty.
      expect(await readFile(drop, 'utf8')).toMatch(/^\d+(-[a-z]+){3}\n$/);
      const receiver = start(script('nightly-backup-receive.sh'), 'backup');
      expect(await Promise.all([sender, receiver])).toEqual([0, 0]);
      const copy = join(folder, 'backup', 'data', 'diary.txt');
      expect(await readFile(copy, 'utf8')).toBe(content);
    }
    expect(await isThere(join(folder, 'drop', 'p2pshare-code'))).toBe(false);
  });

  it('nightly-backup: tells cron when there is nothing to send', async () => {
    const { start, folder } = await machine();
    expect(await start(script('nightly-backup-send.sh'), 'missing')).toBe(10);
    expect(await isThere(join(folder, 'drop'))).toBe(false);
  });

  it('fan-out: three machines have the file', async () => {
    const { folder, start } = await machine();
    await writeFile(join(folder, 'slides.pdf'), 'slides');
    expect(await start(script('fan-out.sh'), 'slides.pdf', 'a', 'b', 'c')).toBe(0);
    for (const host of ['a', 'b', 'c']) {
      expect(await readFile(join(folder, host, 'slides.pdf'), 'utf8')).toBe('slides');
    }
  });

  it('ci-artifact: one job hands it to another', async () => {
    const { folder, start } = await machine();
    await writeFile(join(folder, 'app.tar'), 'built');
    await mkdir(join(folder, 'there'));
    const sender = start(script('ci-artifact.sh'), 'send', 'app.tar');
    await untilThere(join(folder, 'code.txt'));
    const receiver = start(script('ci-artifact.sh'), 'receive', 'there');
    expect(await Promise.all([sender, receiver])).toEqual([0, 0]);
    expect(await readFile(join(folder, 'there', 'app.tar'), 'utf8')).toBe('built');
    expect(await readFile(join(folder, 'send.ndjson'), 'utf8')).toMatch(/"event":"done".*\n$/);
  });

  it('ci-artifact: does not try again what would fail again', async () => {
    const { folder, start } = await machine();
    await writeFile(join(folder, 'code.txt'), 'this is no code');
    expect(await start(script('ci-artifact.sh'), 'receive', '.')).toBe(2);
  });
});

describe('the example programs', { timeout: 90_000 }, () => {
  it('library: a program sends to itself', async () => {
    const { folder, env } = await machine();
    await writeFile(join(folder, 'a.txt'), 'by the library');
    await mkdir(join(folder, 'there'));
    const args = [script('library.mjs'), join(folder, 'a.txt'), join(folder, 'there')];
    const { stdout } = await run(process.execPath, args, { env });
    expect(stdout).toMatch(/direct path to 127/);
    expect(stdout).toMatch(/14 bytes in .*a\.txt\n$/);
    expect(await readFile(join(folder, 'there', 'a.txt'), 'utf8')).toBe('by the library');
  });

  it('drive-json: a consumer of the schema goes on with what was killed', async () => {
    const { folder, env } = await machine();
    const content = randomBytes(30_000_000);
    await writeFile(join(folder, 'big.bin'), content);
    await mkdir(join(folder, 'there'));
    const args = [script('drive-json.mjs'), join(folder, 'big.bin'), join(folder, 'there')];
    const slow = { ...env, P2PSHARE_LIMIT: '10MB/s' };
    const { stdout } = await run(process.execPath, args, { env: slow, timeout: 60_000 });
    expect(stdout).toMatch(/killed after \d+ bytes\ndone: \d+ bytes, direct\n/);
    expect(await finalContents(join(folder, 'there'))).toEqual(['big.bin']);
    const copy = await readFile(join(folder, 'there', 'big.bin'));
    expect(copy.equals(content)).toBe(true);
  });

  it('p2pshare-server.service: what it starts is a server that is stopped in order', async () => {
    const unit = await readFile(script('p2pshare-server.service'), 'utf8');
    const [, command = ''] = /^ExecStart=\/usr\/bin\/env p2pshare (.*)$/m.exec(unit) ?? [];
    const [, ending] = /^SuccessExitStatus=(\d+)$/m.exec(unit) ?? [];
    // Another port, beside a server that may run here.
    const args = command.replace('[::]:9420', '127.0.0.1:0').split(' ');
    const server = stage.start([...args, '--json']);
    await server.event('ready');
    server.signal('SIGTERM');
    expect((await server.exit()).code).toBe(Number(ending));
  });
});
