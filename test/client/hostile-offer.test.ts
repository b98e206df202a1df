import { mkdtemp, readdir, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, it, vi } from 'vitest';
import type { RunningServer } from '../../src/client/options.ts';
import { receive } from '../../src/client/receive.ts';
import { send } from '../../src/client/send.ts';
import { type EntryName, parseEntryName } from '../../src/protocol/transfer/entry-name.ts';
import { serve } from '../../src/server/serve.ts';

/** The sender says that what it sends is at this path. */
const LYING_PATH = ['report.txt', '.bashrc'];

vi.mock('../../src/io/file-source.ts', async (importOriginal) => {
  const original = await importOriginal<typeof import('../../src/io/file-source.ts')>();
  const openSource: typeof original.openSource = async (path) => {
    const source = await original.openSource(path);
    const entry = {
      ...source.entry,
      path: LYING_PATH.map((name) => parseEntryName(name) as EntryName),
    };
    return {
      entry,
      read: (offset, into) => source.read(offset, into),
      finish: () => source.finish(),
      close: () => source.close(),
    };
  };
  return { ...original, openSource };
});

let server: RunningServer;
let folder: string;
let inbox: string;

beforeEach(async () => {
  server = await serve({ listen: '127.0.0.1:0' });
  folder = await mkdtemp(join(tmpdir(), 'p2pshare-hostile-'));
  inbox = await mkdtemp(join(folder, 'inbox-'));
});

afterEach(async () => {
  await server.close();
  await rm(folder, { recursive: true, force: true });
});

it('is not written under another name than a person is asked about', async () => {
  const file = join(folder, 'evil');
  await writeFile(file, 'evil');
  const common = { servers: server.endpoints, lan: false };
  const decide = vi.fn(async () => ({ accept: true }) as const);
  const sender = send({ ...common, file });
  for await (const event of sender) {
    if (event.event !== 'code') continue;
    const receiver = receive({ ...common, code: event.code, out: inbox, decide });
    await expect(receiver.result).rejects.toMatchObject({ code: 'P2P_VERSION_MISMATCH' });
    break;
  }
  await expect(sender.result).rejects.toMatchObject({ code: 'P2P_VERSION_MISMATCH' });
  expect(decide).not.toHaveBeenCalled();
  expect(await readdir(inbox)).toEqual([]);
});
