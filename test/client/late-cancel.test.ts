import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, it, vi } from 'vitest';
import { receive } from '../../src/client/receive.ts';
import { send } from '../../src/client/send.ts';
import { serve } from '../../src/server/serve.ts';

const disk = vi.hoisted(() => ({ beforeNaming: (): void => undefined }));
vi.mock('../../src/io/target/publish-settled.ts', async (importOriginal) => {
  const original = await importOriginal<typeof import('../../src/io/target/publish-settled.ts')>();
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

it('a receiver that has everything does not wait for a sender that is gone, once it is cancelled', async () => {
  const path = join(folder, 'note.txt');
  await writeFile(path, 'whole');
  const server = await serve({ listen: '127.0.0.1:0' });
  const [ends, end] = [new AbortController(), new AbortController()];
  const common = { servers: server.endpoints, lan: false, route: 'relay' } as const;
  let closing: Promise<unknown> = Promise.resolve();
  disk.beforeNaming = () => {
    // Nothing of what the receiver says then gets to the sender.
    closing = server.close();
    end.abort();
  };
  const sender = send({ ...common, paths: [path], signal: ends.signal });
  const told: string[] = [];
  for await (const event of sender) {
    if (event.event !== 'code') continue;
    const receiver = receive({
      ...common,
      code: event.code,
      out: folder,
      onConflict: 'rename',
      signal: end.signal,
    });
    for await (const event of receiver) told.push('phase' in event ? event.phase : event.event);
    await receiver.result;
    break;
  }
  ends.abort();
  await closing;
  await expect(sender.result).rejects.toMatchObject({ code: 'P2P_CANCELLED' });
  expect(told).toContain('file');
  // It would be missed after 5 s.
  expect(told).not.toContain('reconnecting');
});
