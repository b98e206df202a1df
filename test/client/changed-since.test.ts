import { mkdir, mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import type { ReceiveOptions, RunningServer } from '../../src/client/options.ts';
import { receive } from '../../src/client/receive.ts';
import { send } from '../../src/client/send.ts';
import type { Transfer } from '../../src/client/transfer-handle.ts';
import { unfinished } from '../../src/client/unfinished.ts';
import { serve } from '../../src/server/serve.ts';

const disk = vi.hoisted(() => ({ beforeNaming: async (): Promise<void> => undefined }));
vi.mock('../../src/io/publish-settled.ts', async (importOriginal) => {
  const original = await importOriginal<typeof import('../../src/io/publish-settled.ts')>();
  const publishStaged: typeof original.publishStaged = async (...parts) => {
    await disk.beforeNaming();
    return await original.publishStaged(...parts);
  };
  return { ...original, publishStaged };
});

let server: RunningServer;
let folder: string;
let out: string;
let source: string;

beforeEach(async () => {
  server = await serve({ listen: '127.0.0.1:0' });
  folder = await mkdtemp(join(tmpdir(), 'p2pshare-since-'));
  out = join(folder, 'out');
  source = join(folder, 'report.txt');
  await mkdir(out);
  await writeFile(source, 'of the first day');
});

afterEach(async () => {
  await server.close();
  await rm(folder, { recursive: true, force: true });
});

describe('what has changed since its sender left, before it knew that all had arrived,', () => {
  it('stays as it arrived; the sender is told, and has nothing to go on with', async () => {
    const code = await arrived();
    const { sender } = await sending();
    const receiver = receiving(code);
    await expect(sender.result).rejects.toMatchObject({ code: 'P2P_SOURCE_CHANGED' });
    await expect(sender.result).rejects.not.toHaveProperty('ticket', expect.any(String));
    expect((await receiver.result).files).toEqual([join(out, 'report.txt')]);
    expect(await readFile(join(out, 'report.txt'), 'utf8')).toBe('of the first day');
    expect(await readdir(out)).toEqual(['report.txt']);
    for (const side of ['sender', 'receiver']) {
      expect((await unfinished(join(folder, side))).transfers).toEqual([]);
    }
  });

  it('takes its place where the receiver says so', async () => {
    const code = await arrived();
    const { sender } = await sending();
    await receiving(code, { onConflict: 'overwrite' }).result;
    await sender.result;
    expect(await readFile(join(out, 'report.txt'), 'utf8')).toBe('of the second day');
  });
});

/** Brings the first version there; its sender leaves while the file is given its name. */
async function arrived(): Promise<string> {
  const leaves = new AbortController();
  const { sender, code } = await sending(leaves.signal);
  disk.beforeNaming = async () => {
    leaves.abort();
    await sender.result.catch(() => undefined);
  };
  await receiving(code).result;
  await expect(sender.result).rejects.toMatchObject({ code: 'P2P_CANCELLED' });
  disk.beforeNaming = async () => undefined;
  await writeFile(source, 'of the second day');
  return code;
}

async function sending(
  signal?: AbortSignal,
): Promise<{ readonly sender: Transfer; readonly code: string }> {
  const stateFolder = join(folder, 'sender');
  const where = { servers: server.endpoints, lan: false, stateFolder };
  const sender = send({ ...where, paths: [source], ...(signal && { signal }) });
  for await (const event of sender) {
    if (event.event === 'code') return { sender, code: event.code };
  }
  throw new Error('unreachable: a sender without a code');
}

function receiving(code: string, options: Partial<ReceiveOptions> = {}): Transfer {
  const stateFolder = join(folder, 'receiver');
  return receive({ servers: server.endpoints, lan: false, code, out, stateFolder, ...options });
}
