import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, it, vi } from 'vitest';
import { receive } from '../../src/client/receive.ts';
import { send } from '../../src/client/send.ts';

const disk = vi.hoisted(() => ({ beforeNaming: (): void => undefined }));
vi.mock('../../src/io/publish-settled.ts', async (importOriginal) => {
  const original = await importOriginal<typeof import('../../src/io/publish-settled.ts')>();
  const publishStaged: typeof original.publishStaged = async (...parts) => {
    disk.beforeNaming();
    return await original.publishStaged(...parts);
  };
  return { ...original, publishStaged };
});

let folder: string;

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'p2pshare-late-'));
});

afterEach(async () => {
  await rm(folder, { recursive: true, force: true });
});

it('a receiver that is cancelled while everything gets its name is not, and the sender knows', async () => {
  const path = join(folder, 'note.txt');
  const out = join(folder, 'arrived.txt');
  await writeFile(path, 'whole');
  const end = new AbortController();
  disk.beforeNaming = () => end.abort();
  const sender = send({ paths: [path] });
  for await (const event of sender) {
    if (event.event !== 'code') continue;
    const { files } = await receive({ code: event.code, out, signal: end.signal }).result;
    expect(files).toEqual([out]);
  }
  expect(end.signal.aborted).toBe(true);
  expect(await readFile(out, 'utf8')).toBe('whole');
  await sender.result;
});
