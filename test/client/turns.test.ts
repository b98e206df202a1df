import { mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { TransferEvent } from '../../src/client/api/events.ts';
import type { Decision, ReceiveOptions, RunningServer } from '../../src/client/api/options.ts';
import type { Transfer } from '../../src/client/api/transfer-handle.ts';
import { receive } from '../../src/client/receive.ts';
import { send } from '../../src/client/send.ts';
import { serve } from '../../src/server/serve.ts';
import { told } from './told.ts';

let server: RunningServer;
let folder: string;
let end: AbortController;

beforeEach(async () => {
  server = await serve({ listen: '127.0.0.1:0' });
  folder = await mkdtemp(join(tmpdir(), 'p2pshare-turns-'));
  end = new AbortController();
});

afterEach(async () => {
  end.abort();
  await server.close();
  await rm(folder, { recursive: true, force: true });
});

describe('a receiver whose sender has no place for it yet', () => {
  it('says so, and is served when another has left its place', async () => {
    const { code, leave } = await crowded();
    const late = await receiving('late', { code });
    await told(late, isTurn);
    leave();
    await late.result;
    expect(await readFile(join(folder, 'late', 'note.txt'), 'utf8')).toBe('for two');
  });

  it('does not wait longer than it was told to', async () => {
    const { code } = await crowded();
    const late = await receiving('late', { code, timeoutMs: 1500 });
    await told(late, isTurn);
    await expect(late.result).rejects.toMatchObject({ code: 'P2P_TIMEOUT' });
  });
});

/** A sender to two, both of whom are there and take their time; `leave`: one declines. */
async function crowded(): Promise<{ readonly code: string; leave(): void }> {
  const path = join(folder, 'note.txt');
  await writeFile(path, 'for two');
  const { servers, signal } = where();
  const sender = send({ servers, lan: false, paths: [path], receivers: 2, signal });
  const code = await told(sender, (event) => (event.event === 'code' ? event.code : undefined));
  let leave: () => void = () => undefined;
  const undecided = new Promise<Decision>((resolve) => {
    leave = () => resolve({ accept: false });
  });
  const never = new Promise<Decision>(() => undefined);
  for (const [name, decision] of Object.entries({ one: undecided, two: never })) {
    const present = await receiving(name, { code, decide: async () => await decision });
    await told(present, ({ event }) => event === 'offer' || undefined);
  }
  return { code, leave };
}

async function receiving(
  name: string,
  options: Pick<ReceiveOptions, 'code' | 'decide' | 'timeoutMs'>,
): Promise<Transfer> {
  const out = join(folder, name);
  await mkdir(out);
  return receive({ ...where(), lan: false, out, ...options });
}

function where() {
  return { servers: server.endpoints, signal: end.signal };
}

function isTurn(event: TransferEvent): true | undefined {
  return (event.event === 'status' && event.phase === 'waiting-for-turn') || undefined;
}
