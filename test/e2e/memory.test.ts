import { readFileSync } from 'node:fs';
import { mkdir, open, stat, statfs, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterEach, beforeAll, describe, expect, it } from 'vitest';
import { ensureBuilt } from './support/build.ts';
import { expectSuccess } from './support/expectations.ts';
import type { Program } from './support/program.ts';
import { sampleBytes } from './support/sample.ts';
import { Stage } from './support/stage.ts';
import { snapshot } from './support/tree.ts';

const GIB = 2 ** 30;
const MIB = 2 ** 20;
/** `P2PSHARE_E2E_BIG=5` makes it 5 GiB. */
const {
  P2PSHARE_E2E_BIG: bigGib,
  P2PSHARE_E2E_FILES = '10000',
  P2PSHARE_E2E_SPARSE = '2',
} = process.env;
const FILE_BYTES = bigGib === undefined ? 512 * MIB : Number(bigGib) * GIB;
/** At a rate that the slowest machine reaches. */
const PATIENCE_MS = 20_000 + FILE_BYTES / 10_000;
const MOST_BYTES = 200 * MIB;
/** `P2PSHARE_E2E_FILES=100000` makes it as many. */
const FILES = Number(P2PSHARE_E2E_FILES);
/** `P2PSHARE_E2E_SPARSE=100` makes it 100 GiB. */
const SPARSE_BYTES = Number(P2PSHARE_E2E_SPARSE) * GIB;
const EXTREME_PATIENCE_MS = PATIENCE_MS + SPARSE_BYTES / 50_000 + 2 * FILES;
const ISLAND_BYTES = 100_000;
const ISLANDS = [0, SPARSE_BYTES / 2 + 12_345, SPARSE_BYTES - ISLAND_BYTES];

const stage = new Stage();
beforeAll(ensureBuilt);
afterEach(() => stage.clear());

describe.skipIf(process.platform !== 'linux')('the memory of a transfer', () => {
  it(
    'does not grow with the file',
    async () => {
      const [folder, out] = await Promise.all([stage.folder(), stage.folder(await roomyMemory())]);
      const file = join(folder, 'large.bin');
      await writeDense(file);
      const server = (await stage.server()).endpoint;
      const sender = stage.send(file, { server });
      const { code } = await sender.event('code');
      const receiver = stage.receive(code, { server, out });
      // Peaks are read while the goodbyes are said: all data has gone through by then.
      const peaks = [peakAt(sender), peakAt(receiver)];
      const [sent = 0, received = 0] = await Promise.all(peaks);
      await expectSuccess(sender, receiver);
      expect((await stat(join(out, 'large.bin'))).size).toBe(FILE_BYTES);
      report(receiver, { sent, received });
      expect(sent).toBeLessThan(MOST_BYTES);
      expect(received).toBeLessThan(MOST_BYTES);
    },
    2 * PATIENCE_MS,
  );
});

describe.skipIf(process.platform !== 'linux')('the memory of a transfer of extremes', () => {
  it(
    'stays as small with many small files in deep folders, which arrive as they were',
    async () => {
      const [folder, out] = await Promise.all([stage.folder(), stage.folder()]);
      const tree = join(folder, 'tree');
      await plantMany(tree);
      const server = (await stage.server()).endpoint;
      const sender = stage.send(tree, { server });
      const { code } = await sender.event('code');
      const receiver = stage.receive(code, { server, out });
      const [sent = 0, received = 0] = await Promise.all([peakAt(sender), peakAt(receiver)]);
      await expectSuccess(sender, receiver);
      expect(await snapshot(join(out, 'tree'))).toEqual(await snapshot(tree));
      expect(sent).toBeLessThan(MOST_BYTES);
      expect(received).toBeLessThan(MOST_BYTES);
    },
    60_000 + 4 * FILES,
  );

  it(
    'stays as it is with a sparse file, which is resumed after a kill and stays sparse',
    async () => {
      const [folder, out] = await Promise.all([stage.folder(), stage.folder()]);
      const file = join(folder, 'sparse.img');
      await writeSparse(file);
      const server = (await stage.server()).endpoint;
      const sender = stage.send(file, { server });
      const { code } = await sender.event('code');
      const victim = stage.receive(code, { server, out });
      const third = SPARSE_BYTES / 3;
      await victim.event('progress', ({ bytes }) => bytes > third, EXTREME_PATIENCE_MS);
      await victim.end();
      const receiver = stage.receive(code, { server, out });
      const [sent = 0, received = 0] = await Promise.all([peakAt(sender), peakAt(receiver)]);
      await expectSuccess(sender, receiver);
      const [first] = receiver.all('progress');
      // What came in the last second may not be in the journal.
      expect(first?.bytes).toBeGreaterThan(third / 2);
      await expectSparse(join(out, 'sparse.img'));
      expect(sent).toBeLessThan(MOST_BYTES);
      expect(received).toBeLessThan(MOST_BYTES);
    },
    60_000 + 2 * EXTREME_PATIENCE_MS,
  );
});

/** Files of 0 to 1 KiB, a hundred to a folder, and a chain of folders as deep as may be: 64 names. */
async function plantMany(tree: string): Promise<void> {
  const deepest = join(tree, ...Array.from({ length: 62 }, (_, level) => `level ${level}`));
  await mkdir(deepest, { recursive: true });
  await writeFile(join(deepest, 'bottom'), 'bottom');
  for (let first = 0; first < FILES; first += 100) {
    const folder = join(tree, `${first % 1000}`, `${first}`);
    await mkdir(folder, { recursive: true });
    const numbers = Array.from({ length: 100 }, (_, i) => first + i);
    await Promise.all(
      numbers.map((i) => writeFile(join(folder, `file ${i}`), sampleBytes(i % 1025, i + 1))),
    );
  }
}

/** Some data at its beginning, in the middle of a hole, and at its very end. */
async function writeSparse(path: string): Promise<void> {
  const file = await open(path, 'w');
  await file.truncate(SPARSE_BYTES);
  for (const at of ISLANDS)
    await file.write(sampleBytes(ISLAND_BYTES, at + 1), 0, ISLAND_BYTES, at);
  await file.close();
}

async function expectSparse(path: string): Promise<void> {
  const { size, blocks } = await stat(path);
  expect(size).toBe(SPARSE_BYTES);
  expect(blocks * 512).toBeLessThan(16 * MIB);
  const file = await open(path);
  for (const at of ISLANDS) {
    const island = new Uint8Array(ISLAND_BYTES);
    await file.read(island, 0, ISLAND_BYTES, at);
    expect(Buffer.compare(island, sampleBytes(ISLAND_BYTES, at + 1))).toBe(0);
  }
  await file.close();
}

/** Zeros would not travel. */
async function writeDense(path: string): Promise<void> {
  const block = sampleBytes(8 * MIB);
  const file = await open(path, 'w');
  for (let at = 0; at < FILE_BYTES; at += block.length) {
    await file.write(block, 0, Math.min(block.length, FILE_BYTES - at));
  }
  await file.close();
}

/** Where writing costs no disk, if it has room. */
async function roomyMemory(): Promise<string | undefined> {
  const shared = '/dev/shm';
  const room = await statfs(shared).then(
    ({ bavail, bsize }) => bavail * bsize,
    () => 0,
  );
  return room > 2 * FILE_BYTES ? shared : undefined;
}

/** The largest resident set a program has had when its file was finished, in bytes. */
async function peakAt(program: Program): Promise<number> {
  await program.event('file', undefined, EXTREME_PATIENCE_MS);
  const status = readFileSync(`/proc/${program.pid}/status`, 'utf8');
  return Number(/^VmHWM:\s+(\d+) kB$/m.exec(status)?.[1]) * 1024;
}

function report(receiver: Program, peaks: { readonly sent: number; readonly received: number }) {
  const ms = (receiver.msTo('file') ?? 0) - (receiver.msTo('progress') ?? 0);
  const rate = (FILE_BYTES / ms / 1_000).toFixed(0);
  const [sent, received] = [peaks.sent, peaks.received].map((bytes) => Math.round(bytes / MIB));
  console.info(`${FILE_BYTES / MIB} MiB at ${rate} MB/s; peaks: ${sent} and ${received} MiB`);
}
