import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, it, vi } from 'vitest';
import type { Transfer } from '../../src/client/api/transfer-handle.ts';
import { receive } from '../../src/client/receive.ts';
import { send } from '../../src/client/send.ts';

const disk = vi.hoisted(() => ({ isRead: Promise.resolve() }));
vi.mock('../../src/io/source/source-scan.ts', async (importOriginal) => {
  const original = await importOriginal<typeof import('../../src/io/source/source-scan.ts')>();
  const scanSources: typeof original.scanSources = async (...parts) => {
    await disk.isRead;
    return await original.scanSources(...parts);
  };
  return { ...original, scanSources };
});

let folder: string;

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'p2pshare-scan-'));
});

afterEach(async () => {
  await rm(folder, { recursive: true, force: true });
});

it('both sides say so while the sender looks for long through what it sends', async () => {
  let read: () => void = () => undefined;
  disk.isRead = new Promise((resolve) => {
    read = resolve;
  });
  const path = join(folder, 'note.txt');
  await writeFile(path, 'of a slow disk');
  const sides: Promise<string[]>[] = [];
  let waiting = 2;
  const isTold = () => {
    waiting -= 1;
    if (waiting === 0) read();
  };
  const sender = send({ paths: [path] });
  const onCode = (code: string) => {
    const receiver = receive({ code, out: join(folder, 'arrived.txt') });
    sides.push(phasesOf(receiver, { awaited: 'waiting-for-offer', isTold }));
  };
  const sent = await phasesOf(sender, { awaited: 'preparing', isTold, onCode });
  const [received] = await Promise.all(sides);
  await sender.result;
  const end = ['transferring', 'verifying'];
  expect(sent).toEqual([
    ...['waiting-for-peer', 'connecting', 'preparing', 'waiting-for-answer'],
    ...end,
  ]);
  expect(received).toEqual([
    ...['finding-server', 'waiting-for-peer', 'connecting', 'waiting-for-offer'],
    ...['waiting-for-answer', ...end],
  ]);
});

async function phasesOf(
  transfer: Transfer,
  {
    awaited,
    isTold,
    onCode = () => undefined,
  }: {
    readonly awaited: string;
    readonly isTold: () => void;
    readonly onCode?: (code: string) => void;
  },
): Promise<string[]> {
  const phases: string[] = [];
  for await (const event of transfer) {
    if (event.event === 'code') onCode(event.code);
    if (event.event !== 'status') continue;
    phases.push(event.phase);
    if (event.phase === awaited) isTold();
  }
  return phases;
}
