import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, it } from 'vitest';
import type { CurrentEntry, TransferEvent } from '../../../src/client/api/events.ts';
import type { RunningServer } from '../../../src/client/api/options.ts';
import { receive } from '../../../src/client/receive.ts';
import { send } from '../../../src/client/send.ts';
import { serve } from '../../../src/server/serve.ts';

let folder: string;
let server: RunningServer;

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'p2pshare-current-'));
  await mkdir(join(folder, 'photos'));
  await mkdir(join(folder, 'there'));
  for (const name of ['a.jpg', 'b.jpg']) await writeFile(join(folder, 'photos', name), name);
  server = await serve({ listen: '127.0.0.1:0' });
});

afterEach(async () => {
  await server.close();
  await rm(folder, { recursive: true, force: true });
});

/** What progress named last, on both sides. */
async function lastNamed(paths: readonly string[]): Promise<(CurrentEntry | undefined)[]> {
  const common = { servers: server.endpoints, lan: false };
  const named: (CurrentEntry | undefined)[] = [undefined, undefined];
  const note = (side: number, event: TransferEvent) => {
    if (event.event === 'progress') named[side] = event.current;
  };
  const sender = send({ ...common, paths });
  let receiving: Promise<void> | undefined;
  const take = async (code: string) => {
    const receiver = receive({ ...common, code, out: join(folder, 'there') });
    for await (const event of receiver) note(1, event);
    await receiver.result;
  };
  for await (const event of sender) {
    note(0, event);
    if (event.event === 'code') receiving = take(event.code);
  }
  await Promise.all([sender.result, receiving]);
  return named;
}

it('of several, progress names the one that is read or written', async () => {
  // The folder itself is the first of three.
  for (const last of await lastNamed([join(folder, 'photos')])) {
    expect(last?.name).toMatch(/^photos\/[ab]\.jpg$/);
    expect(last).toMatchObject({ number: last?.name === 'photos/a.jpg' ? 2 : 3, of: 3 });
  }
});

it('of one, it names nothing that is known anyway', async () => {
  const paths = [join(folder, 'photos', 'a.jpg')];
  expect(await lastNamed(paths)).toEqual([undefined, undefined]);
});
