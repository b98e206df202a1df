import { mkdtemp, readdir, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeAll, beforeEach, expect, it } from 'vitest';
import { ensureBuilt } from './support/build.ts';
import { Program } from './support/program.ts';

let folder: string;
const programs: Program[] = [];

beforeAll(ensureBuilt);
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'p2pshare-e2e-bench-'));
});
afterEach(async () => {
  await Promise.all(programs.splice(0).map((program) => program.end()));
  await rm(folder, { recursive: true, force: true });
});

function run(...args: string[]): Program {
  const program = new Program(args, { cwd: folder });
  programs.push(program);
  return program;
}

it('measures this machine, its disk and the way through a server, and leaves nothing behind', async () => {
  const server = run('server', '--json', '--listen', '127.0.0.1:0');
  const [name = ''] = (await server.event('ready')).endpoints;
  const bench = run('bench', '--json', '--time', '1s', '--server', name);
  expect(await bench.exit()).toEqual({ code: 0, signal: null });
  const figures = bench.all('bench');
  expect(figures.map(({ what }) => what)).toEqual(['machine', 'disk', 'relay']);
  // Slower is nobody's disk or network: the unit would be wrong.
  for (const { rate } of figures) expect(rate).toBeGreaterThan(1e6);
  expect(figures[2]).toMatchObject({ server: name, rttMs: expect.any(Number) });
  expect(await readdir(folder)).toEqual([]);
});

it('says so when a server cannot be reached, after what it could measure', async () => {
  const bench = run('bench', '--json', '--time', '1s', '--server', '127.0.0.1:9');
  expect(await bench.exit()).toEqual({ code: 6, signal: null });
  expect(bench.all('bench').map(({ what }) => what)).toEqual(['machine', 'disk']);
  expect(bench.all('error')).toMatchObject([{ code: 'P2P_SERVER_UNREACHABLE' }]);
  expect(await readdir(folder)).toEqual([]);
});

it('leaves nothing behind when it is interrupted', async () => {
  const bench = run('bench', '--json', '--time', '1s');
  // Then it is writing to the disk.
  await bench.event('bench');
  bench.signal('SIGINT');
  expect((await bench.exit()).code).toBe(130);
  expect(await readdir(folder)).toEqual([]);
});
