import { mkdtemp, readdir, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, it, vi } from 'vitest';
import type { RunningServer } from '../../src/client/api/options.ts';
import { receive } from '../../src/client/receive.ts';
import { send } from '../../src/client/send.ts';
import type { Entry } from '../../src/protocol/transfer/entries/entry.ts';
import { type EntryName, parseEntryName } from '../../src/protocol/transfer/entries/entry-name.ts';
import { serve } from '../../src/server/serve.ts';

vi.mock('../../src/io/source/source-scan.ts', async (importOriginal) => {
  const original = await importOriginal<typeof import('../../src/io/source/source-scan.ts')>();
  const scanSources: typeof original.scanSources = async (...args) => {
    const scan = await original.scanSources(...args);
    const [first, ...others] = scan.entries;
    const lie = { ...first, path: [parseEntryName('.bashrc') as EntryName] } as Entry;
    return { ...scan, entries: [lie, ...others] };
  };
  return { ...original, scanSources };
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

it('of a hidden name is refused before a person is asked', async () => {
  const file = join(folder, 'evil');
  await writeFile(file, 'evil');
  const common = { servers: server.endpoints, lan: false };
  const decide = vi.fn(async () => ({ accept: true }) as const);
  const sender = send({ ...common, paths: [file] });
  for await (const event of sender) {
    if (event.event !== 'code') continue;
    const receiver = receive({ ...common, code: event.code, out: inbox, decide });
    await expect(receiver.result).rejects.toMatchObject({ code: 'P2P_NAME_REFUSED' });
    break;
  }
  await expect(sender.result).rejects.toMatchObject({ code: 'P2P_NAME_REFUSED' });
  expect(decide).not.toHaveBeenCalled();
  expect(await readdir(inbox)).toEqual([]);
});
