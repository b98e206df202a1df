import { randomBytes } from 'node:crypto';
import { mkdir, mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import type { ReceiveOptions, RunningServer } from '../../src/client/api/options.ts';
import type { Transfer } from '../../src/client/api/transfer-handle.ts';
import { receive } from '../../src/client/receive.ts';
import { send } from '../../src/client/send.ts';
import { unfinished } from '../../src/client/unfinished.ts';
import { serve } from '../../src/server/serve.ts';

/** Of which nothing can be compressed: a limit is to be felt. */
const BYTES = randomBytes(12 * 2 ** 20);
/** Of which some chunks are whole, and on the disk. */
const SOME_BYTES = 4 * 2 ** 20;
const TAKEN = { code: 'P2P_TARGET_EXISTS', ticket: expect.any(String) };

const disk = vi.hoisted(() => ({ beforeNaming: async (): Promise<void> => undefined }));
vi.mock('../../src/io/target/publish-settled.ts', async (importOriginal) => {
  const original = await importOriginal<typeof import('../../src/io/target/publish-settled.ts')>();
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
  disk.beforeNaming = async () => undefined;
  server = await serve({ listen: '127.0.0.1:0' });
  folder = await mkdtemp(join(tmpdir(), 'p2pshare-taken-'));
  out = join(folder, 'out');
  await mkdir(out);
  source = join(folder, 'report.bin');
  await writeFile(source, BYTES);
});

afterEach(async () => {
  await server.close();
  await rm(folder, { recursive: true, force: true });
});

describe('a name that is taken after the offer was accepted', () => {
  it('when everything is here costs none of it: it waits for another name', async () => {
    const { sender, code } = await sending();
    disk.beforeNaming = take;
    await expect(receiving(code).result).rejects.toMatchObject(TAKEN);
    await expect(sender.result).rejects.toMatchObject(TAKEN);
    disk.beforeNaming = async () => undefined;

    await expect(receiving(code).result).rejects.toMatchObject(TAKEN);
    // The sender is gone, and nothing is left for it to do.
    const { files } = await receiving(code, { onConflict: 'rename', timeoutMs: 1 }).result;
    expect(files).toEqual([join(out, 'report (1).bin')]);
    await expectBoth();
  });

  it('while the transfer was interrupted costs none of what had come', async () => {
    const { sender, code } = await sending();
    const cancel = new AbortController();
    const receiver = receiving(code, { limit: 8e6, signal: cancel.signal });
    for await (const event of receiver) {
      if (event.event === 'progress' && event.bytes > SOME_BYTES) cancel.abort();
    }
    await expect(receiver.result).rejects.toMatchObject({ code: 'P2P_CANCELLED' });
    await expect(sender.result).rejects.toMatchObject({ code: 'P2P_CANCELLED' });
    const arrived = await arrivedBytes();
    expect(arrived).toBeGreaterThan(0);

    await take();
    const again = await sending();
    expect(again.code).toBe(code);
    await expect(receiving(code).result).rejects.toMatchObject(TAKEN);
    await expect(again.sender.result).rejects.toMatchObject(TAKEN);
    expect(await arrivedBytes()).toBe(arrived);

    const last = await sending();
    await receiving(code, { onConflict: 'rename' }).result;
    await last.sender.result;
    await expectBoth();
  });

  it('and one that was taken before leaves nothing to go on with', async () => {
    await take();
    const { sender, code } = await sending();
    await expect(receiving(code).result).rejects.not.toHaveProperty('ticket', expect.any(String));
    await expect(sender.result).rejects.not.toHaveProperty('ticket', expect.any(String));
    expect((await unfinished(join(folder, 'receiver'))).transfers).toEqual([]);
  });
});

describe('a name that is taken by what came before the sender died, which has something else by now,', () => {
  it('stays with it; the sender is told, and has nothing to go on with', async () => {
    const code = await arrived();
    const { sender } = await sending();
    const receiver = receiving(code);
    await expect(sender.result).rejects.toMatchObject({ code: 'P2P_SOURCE_CHANGED' });
    await expect(sender.result).rejects.not.toHaveProperty('ticket', expect.any(String));
    expect((await receiver.result).files).toEqual([join(out, 'report.bin')]);
    const kept = await readFile(join(out, 'report.bin'));
    expect(kept.equals(BYTES)).toBe(true);
    expect(await readdir(out)).toEqual(['report.bin']);
    for (const side of ['sender', 'receiver']) {
      expect((await unfinished(join(folder, side))).transfers).toEqual([]);
    }
  });

  it('goes to the new one where the receiver says so', async () => {
    const code = await arrived();
    const { sender } = await sending();
    await receiving(code, { onConflict: 'overwrite' }).result;
    await sender.result;
    expect(await readFile(join(out, 'report.bin'), 'utf8')).toBe('of the second day');
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

async function take(): Promise<void> {
  await writeFile(join(out, 'report.bin'), 'mine');
}

async function expectBoth(): Promise<void> {
  expect(await readdir(out)).toEqual(['report (1).bin', 'report.bin']);
  expect(await readFile(join(out, 'report.bin'), 'utf8')).toBe('mine');
  expect((await readFile(join(out, 'report (1).bin'))).equals(await readFile(source))).toBe(true);
}

async function arrivedBytes(): Promise<number | undefined> {
  const { transfers } = await unfinished(join(folder, 'receiver'));
  return transfers[0]?.arrived;
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
