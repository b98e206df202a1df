import { randomBytes } from 'node:crypto';
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { RunningServer, SendOptions } from '../../../src/client/api/options.ts';
import type { Transfer } from '../../../src/client/api/transfer-handle.ts';
import { receive } from '../../../src/client/receive.ts';
import { storedSend } from '../../../src/client/requests.ts';
import { send } from '../../../src/client/send.ts';
import type { SendTicket } from '../../../src/client/tickets/ticket.ts';
import { TicketStore } from '../../../src/client/tickets/ticket-store.ts';
import { serve } from '../../../src/server/serve.ts';
import { SEND_TICKET } from '../tickets/tickets.ts';

let server: RunningServer;
let folder: string;

beforeEach(async () => {
  server = await serve({ listen: '127.0.0.1:0' });
  folder = await mkdtemp(join(tmpdir(), 'p2pshare-missed-'));
  await writeFile(join(folder, 'noise.bin'), randomBytes(4_000_000));
});

afterEach(async () => {
  await server.close();
  await rm(folder, { recursive: true, force: true });
});

describe('receivers of a sender of several', () => {
  it('are noted while they have not got it', async () => {
    const cancel = new AbortController();
    const sender = await underWay(cancel.signal);
    expect((await ticket())?.unserved).toBe(1);
    cancel.abort();
    await expect.poll(async () => (await ticket())?.unserved ?? 0).toBe(0);
    ending.abort();
    await expect(sender.result).rejects.toMatchObject({ code: 'P2P_CANCELLED' });
  });

  it('who are there when it is ended stay noted', async () => {
    const sender = await underWay(new AbortController().signal);
    ending.abort();
    await expect(sender.result).rejects.toMatchObject({ ticket: expect.any(String) });
    expect((await ticket())?.unserved).toBe(1);
  });

  it.each([
    { unserved: 1, told: expect.any(String), how: 'are waited for' },
    { unserved: 0, told: undefined, how: 'that are not there are not' },
  ])('who had come to a process that died $how', async ({ unserved, told }) => {
    await leave(unserved);
    const sender = send(options());
    for await (const event of sender) if (event.event === 'code') ending.abort();
    await expect(sender.result).rejects.toMatchObject({ code: 'P2P_CANCELLED', ticket: told });
  });
});

it('a code is kept for those who had come and are not back in time', async () => {
  await leave(1);
  const first = send({ ...options(), timeoutMs: 300 });
  const code = await codeOf(first);
  await expect(first.result).rejects.toMatchObject({
    code: 'P2P_TIMEOUT',
    ticket: expect.any(String),
  });
  const second = send(options());
  expect(await codeOf(second)).toBe(code);
  ending.abort();
  await expect(second.result).rejects.toMatchObject({ code: 'P2P_CANCELLED' });
});

let ending: AbortController;
beforeEach(() => {
  ending = new AbortController();
});

function options(): SendOptions {
  return {
    paths: [join(folder, 'noise.bin')],
    receivers: 2,
    servers: server.endpoints,
    lan: false,
    stateFolder: join(folder, 'state'),
    signal: ending.signal,
  };
}

/** What a process that died has left, to which so many had come and nobody had accepted. */
async function leave(unserved: number): Promise<void> {
  const request = storedSend(options()) ?? {};
  const now = Date.now();
  const { resumeSecret: _, served: __, offer: ___, ...rest } = SEND_TICKET;
  const left: SendTicket = { ...rest, createdMs: now, seenMs: now, request, unserved };
  const store = await TicketStore.open(join(folder, 'state'));
  await (await store.add(left))?.release();
  await store.close();
}

async function codeOf(sender: Transfer): Promise<string | undefined> {
  for await (const event of sender) if (event.event === 'code') return event.code;
  return undefined;
}

/** A sender of which a receiver, whom `signal` ends, has got some. */
async function underWay(signal: AbortSignal): Promise<Transfer> {
  const sender = send(options());
  const out = join(folder, 'out');
  await mkdir(out);
  for await (const event of sender) {
    if (event.event === 'code') {
      const common = { servers: server.endpoints, lan: false, limit: 1e6 };
      const receiver = receive({ ...common, code: event.code, out, signal });
      receiver.result.catch(() => undefined);
    }
    if (event.event === 'progress' && event.bytes > 0) break;
  }
  return sender;
}

/** What is kept of the sender. */
async function ticket(): Promise<SendTicket | undefined> {
  const store = await TicketStore.open(join(folder, 'state'));
  const { tickets } = await store.list();
  await store.close();
  const [first] = tickets;
  return first?.ticket.kind === 'send' ? first.ticket : undefined;
}
