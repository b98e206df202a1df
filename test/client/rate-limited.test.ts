import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { TransferEvent } from '../../src/client/api/events.ts';
import type { Decision, RunningServer } from '../../src/client/api/options.ts';
import type { Transfer } from '../../src/client/api/transfer-handle.ts';
import { receive } from '../../src/client/receive.ts';
import { send } from '../../src/client/send.ts';
import { serve } from '../../src/server/serve.ts';
import { told } from './told.ts';

let server: RunningServer;
let folder: string;
let end: AbortController;

beforeEach(async () => {
  server = await serve({ listen: '127.0.0.1:0', perAddress: 1 });
  folder = await mkdtemp(join(tmpdir(), 'p2pshare-limited-'));
  end = new AbortController();
});

afterEach(async () => {
  end.abort();
  await server.close();
  await rm(folder, { recursive: true, force: true });
});

describe('where one address may begin one transfer a minute', () => {
  it('the second sender says that it waits', async () => {
    await begun();
    await told(sending(), isWaiting);
  });

  it('the second receiver says so, and does not wait longer than it was told to', async () => {
    const code = await begun();
    const late = receiving({ code, timeoutMs: 1500 });
    await told(late, isWaiting);
    await expect(late.result).rejects.toMatchObject({ code: 'P2P_TIMEOUT' });
  });
});

/** A sender and a receiver that thinks about it; yields their code. */
async function begun(): Promise<string> {
  const code = await told(sending(), (event) => (event.event === 'code' ? event.code : undefined));
  await told(receiving({ code }), ({ event }) => event === 'offer' || undefined);
  return code;
}

function sending(): Transfer {
  return send({ ...where(), paths: [import.meta.filename] });
}

function receiving(options: { readonly code: string; readonly timeoutMs?: number }): Transfer {
  const never = new Promise<Decision>(() => undefined);
  return receive({ ...where(), out: folder, decide: async () => await never, ...options });
}

function where() {
  return { servers: server.endpoints, lan: false, signal: end.signal };
}

function isWaiting(event: TransferEvent): true | undefined {
  return (event.event === 'status' && event.phase === 'waiting-for-server') || undefined;
}
