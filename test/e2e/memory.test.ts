import { readFileSync } from 'node:fs';
import { open, stat, statfs } from 'node:fs/promises';
import { join } from 'node:path';
import { afterEach, beforeAll, describe, expect, it } from 'vitest';
import { ensureBuilt } from './support/build.ts';
import { expectSuccess } from './support/expectations.ts';
import type { Program } from './support/program.ts';
import { sampleBytes } from './support/sample.ts';
import { Stage } from './support/stage.ts';

const GIB = 2 ** 30;
const MIB = 2 ** 20;
/** `P2PSHARE_E2E_BIG=5` makes it 5 GiB. */
const { P2PSHARE_E2E_BIG: bigGib } = process.env;
const FILE_BYTES = bigGib === undefined ? 512 * MIB : Number(bigGib) * GIB;
/** At a rate that the slowest machine reaches. */
const PATIENCE_MS = 20_000 + FILE_BYTES / 10_000;
const MOST_BYTES = 200 * MIB;

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
  await program.event('file', undefined, PATIENCE_MS);
  const status = readFileSync(`/proc/${program.pid}/status`, 'utf8');
  return Number(/^VmHWM:\s+(\d+) kB$/m.exec(status)?.[1]) * 1024;
}

function report(receiver: Program, peaks: { readonly sent: number; readonly received: number }) {
  const ms = (receiver.msTo('file') ?? 0) - (receiver.msTo('progress') ?? 0);
  const rate = (FILE_BYTES / ms / 1_000).toFixed(0);
  const [sent, received] = [peaks.sent, peaks.received].map((bytes) => Math.round(bytes / MIB));
  console.info(`${FILE_BYTES / MIB} MiB at ${rate} MB/s; peaks: ${sent} and ${received} MiB`);
}
