import { mkdtemp, readdir, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import type { TransferEvent } from '../../src/client/api/events.ts';
import type {
  CommonOptions,
  Decision,
  Offer,
  RunningServer,
} from '../../src/client/api/options.ts';
import type { Transfer } from '../../src/client/api/transfer-handle.ts';
import { receive } from '../../src/client/receive.ts';
import { send } from '../../src/client/send.ts';
import { unfinished } from '../../src/client/unfinished.ts';
import { serve } from '../../src/server/serve.ts';

const disk = vi.hoisted(() => ({ isReady: Promise.resolve() }));
vi.mock('../../src/io/target/tree-sink.ts', async (importOriginal) => {
  const original = await importOriginal<typeof import('../../src/io/target/tree-sink.ts')>();
  const openSink: typeof original.openSink = async (options) => {
    await disk.isReady;
    return await original.openSink(options);
  };
  return { ...original, openSink };
});

let server: RunningServer;
let folder: string;

beforeEach(async () => {
  disk.isReady = Promise.resolve();
  server = await serve({ listen: '127.0.0.1:0' });
  folder = await mkdtemp(join(tmpdir(), 'p2pshare-withdrawn-'));
});

afterEach(async () => {
  await server.close();
  await rm(folder, { recursive: true, force: true });
});

describe('an offer that is withdrawn', () => {
  it('while it is decided on ends the receiver, whatever becomes of the question', async () => {
    const cancel = new AbortController();
    const asked = promise<Offer>();
    const withdrawn = promise<void>();
    const receiver = await offered(cancel.signal, (offer, signal) => {
      signal.addEventListener('abort', () => withdrawn.resolve());
      asked.resolve(offer);
      return new Promise(() => undefined);
    });
    await asked.promise;
    cancel.abort();
    await expect(receiver.result).rejects.toMatchObject({ code: 'P2P_CANCELLED' });
    await withdrawn.promise;
    expect(await readdir(folder)).toEqual(['report.txt']);
  });

  it('while the disk makes room for it is not begun, so that nothing is left to stop', async () => {
    const cancel = new AbortController();
    const withdrawn = promise<void>();
    disk.isReady = withdrawn.promise;
    const receiver = await offered(cancel.signal, async (_offer, signal) => {
      signal.addEventListener('abort', () => withdrawn.resolve());
      cancel.abort();
      return { accept: true };
    });
    const events: TransferEvent[] = [];
    for await (const event of receiver) events.push(event);
    expect(events.at(-1)).toMatchObject({ event: 'error', code: 'P2P_CANCELLED' });
    expect(events).not.toContainEqual({ event: 'status', phase: 'transferring' });
    expect(await readdir(folder)).toEqual(['report.txt']);
  });
});

describe('while the disk makes room for an offer, of which the sender does not know yet,', () => {
  it.each(['sender', 'receiver'] as const)(
    'a %s that cancels leaves nothing to go on with',
    async (who) => {
      const cancel = new AbortController();
      const begun = promise<void>();
      const withdrawn = promise<void>();
      disk.isReady = withdrawn.promise;
      const { signal } = cancel;
      const receiver = await offered(
        who === 'sender' ? signal : undefined,
        async (_offer, over) => {
          over.addEventListener('abort', () => withdrawn.resolve());
          begun.resolve();
          return { accept: true };
        },
        {
          stateFolder: join(folder, 'state'),
          ...(who === 'receiver' && { signal }),
        },
      );
      await begun.promise;
      setImmediate(() => cancel.abort());
      await expect(receiver.result).rejects.toMatchObject({
        code: 'P2P_CANCELLED',
        ticket: undefined,
      });
      expect((await unfinished(join(folder, 'state'))).transfers).toEqual([]);
      expect((await readdir(folder)).sort()).toEqual(['report.txt', 'state']);
    },
  );
});

describe('a consent that the sender has not heard of', () => {
  it('leaves nothing to go on with when the sender cancels', async () => {
    const cancel = new AbortController();
    const state = join(folder, 'state');
    const receiver = await offered(cancel.signal, accept, { stateFolder: state });
    for await (const event of receiver) {
      // It has left in this very moment, and is not read any more.
      if (event.event === 'status' && event.phase === 'transferring') cancel.abort();
    }
    await expect(receiver.result).rejects.toMatchObject({
      code: 'P2P_CANCELLED',
      by: 'peer',
      ticket: undefined,
    });
    expect((await unfinished(state)).transfers).toEqual([]);
    expect((await readdir(folder)).sort()).toEqual(['report.txt', 'state']);
  });

  it('is something to go on with for a receiver who leaves: the sender waits', async () => {
    const [over, cancel] = [new AbortController(), new AbortController()];
    const decide = async (): Promise<Decision> => {
      await server.close();
      return { accept: true };
    };
    const { signal } = cancel;
    const options = { stateFolder: join(folder, 'state'), route: 'relay', signal } as const;
    const receiver = await offered(over.signal, decide, options);
    for await (const event of receiver) {
      if (event.event === 'status' && event.phase === 'transferring') cancel.abort();
    }
    await expect(receiver.result).rejects.toMatchObject({ ticket: expect.any(String) });
    over.abort();
  });
});

async function accept(): Promise<Decision> {
  return { accept: true };
}

/** A receiver of a file whose sender `signal` cancels. */
async function offered(
  signal: AbortSignal | undefined,
  decide: (offer: Offer, signal: AbortSignal) => Promise<Decision>,
  options: Pick<CommonOptions, 'stateFolder' | 'signal' | 'route'> = {},
): Promise<Transfer> {
  const file = join(folder, 'report.txt');
  await writeFile(file, 'a report');
  const common = { servers: server.endpoints, lan: false };
  const sender = send({ ...common, paths: [file], ...(signal && { signal }) });
  for await (const event of sender) {
    if (event.event !== 'code') continue;
    const out = join(folder, 'copy.txt');
    return receive({ ...common, ...options, code: event.code, out, decide });
  }
  throw new Error('the sender has no code');
}

function promise<T>() {
  let resolve: (value: T) => void = () => undefined;
  return {
    promise: new Promise<T>((done) => (resolve = done)),
    resolve: (value: T) => resolve(value),
  };
}
