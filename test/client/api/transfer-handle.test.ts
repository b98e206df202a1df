import { describe, expect, it } from 'vitest';
import { limits } from '../../../src/client/api/event-queue.ts';
import type { FileEvent, ProgressEvent, TransferEvent } from '../../../src/client/api/events.ts';
import { TransferHandle, type TransferResult } from '../../../src/client/api/transfer-handle.ts';
import { P2PShareError } from '../../../src/protocol/errors.ts';

const RESULT: TransferResult = {
  files: ['/tmp/a.bin'],
  bytes: 10,
  travelledBytes: 10,
  ms: 5,
  path: 'direct',
};

describe('TransferHandle', () => {
  it('hands out events in order and ends after done', async () => {
    const handle = new TransferHandle();
    handle.emit({ event: 'code', code: '1-a-b-c' });
    handle.emit(progress(3));
    handle.succeed(RESULT);

    expect(await collect(handle)).toEqual([
      { event: 'code', code: '1-a-b-c' },
      progress(3),
      { event: 'done', bytes: 10, travelledBytes: 10, ms: 5, path: 'direct' },
    ]);
    await expect(handle.result).resolves.toEqual(RESULT);
  });

  it('wakes a reader that came before the event', async () => {
    const handle = new TransferHandle();
    const events = collect(handle);
    await Promise.resolve();
    handle.emit(progress(1));
    handle.succeed(RESULT);

    expect((await events).map((event) => event.event)).toEqual(['progress', 'done']);
  });

  it('ends the events without throwing and rejects the result when it fails', async () => {
    const handle = new TransferHandle();
    handle.fail(new P2PShareError('P2P_DECLINED', 'the answer was no'));
    handle.succeed(RESULT);

    expect(await collect(handle)).toEqual([
      { event: 'error', code: 'P2P_DECLINED', message: 'the answer was no' },
    ]);
    await expect(handle.result).rejects.toMatchObject({ code: 'P2P_DECLINED' });
  });
});

describe('a reader that is slow', () => {
  it('gets only the latest progress', async () => {
    const handle = new TransferHandle();
    handle.emit({ event: 'peer', state: 'joined' });
    for (let bytes = 0; bytes <= 1_000; bytes++) handle.emit(progress(bytes));
    handle.succeed(RESULT);

    expect((await collect(handle)).slice(0, 2)).toEqual([
      { event: 'peer', state: 'joined' },
      progress(1_000),
    ]);
  });

  it('gets only the latest count of a silence', async () => {
    const handle = new TransferHandle();
    const silence = (silentMs: number) =>
      ({ event: 'status', phase: 'reconnecting', silentMs, remainingMs: 0 }) as const;
    for (const span of [5000, 6000]) handle.emit(silence(span));
    handle.emit(progress(1));
    handle.emit(silence(7000));
    handle.succeed(RESULT);

    const events = [silence(6000), progress(1), silence(7000)];
    expect((await collect(handle)).slice(0, 3)).toEqual(events);
  });

  it('misses the oldest of what was so for a moment', async () => {
    const handle = new TransferHandle();
    handle.emit({ event: 'code', code: '1-a-b-c' });
    for (let n = 0; n < 1_000; n++) handle.emit({ event: 'status', phase: 'transferring' });
    handle.succeed(RESULT);

    const events = (await collect(handle)).map(({ event }) => event);
    const passing = Array.from({ length: limits.passing }, () => 'status');
    expect(events).toEqual(['code', ...passing, 'done']);
  });

  it('misses none of the files, however many end at once', async () => {
    const handle = new TransferHandle();
    const files = Array.from({ length: 100_000 }, (_, index) => fileEvent(`f${index}`));
    handle.emit(progress(1));
    for (const file of files) handle.emit(file);
    handle.succeed(RESULT);

    const events = await collect(handle);
    expect(events.slice(1, -1)).toEqual(files);
    expect(events[0]).toEqual(progress(1));
  });
});

describe('a failure', () => {
  it.each([
    ['ENOSPC', 'P2P_DISK_FULL'],
    ['EDQUOT', 'P2P_DISK_FULL'],
    ['EACCES', 'P2P_LOCAL_IO'],
    [undefined, 'P2P_PROTOCOL'],
  ])('turns the system error %s into %s and keeps it as the cause', async (system, code) => {
    const cause = Object.assign(new Error('boom'), system === undefined ? {} : { code: system });
    const handle = new TransferHandle();
    handle.fail(cause);

    await expect(handle.result).rejects.toMatchObject({ code, message: 'boom', cause });
  });

  it('is a cancellation when the transfer was aborted before it began', async () => {
    const handle = new TransferHandle();
    try {
      AbortSignal.abort().throwIfAborted();
    } catch (error) {
      handle.fail(error);
    }
    await expect(handle.result).rejects.toMatchObject({ code: 'P2P_CANCELLED' });
  });
});

function fileEvent(path: string): FileEvent {
  return { event: 'file', path, bytes: 1, status: 'written' };
}

function progress(bytes: number): ProgressEvent {
  return { event: 'progress', bytes, total: 1_000, rate: 1, etaMs: null };
}

async function collect(handle: TransferHandle): Promise<TransferEvent[]> {
  const events: TransferEvent[] = [];
  for await (const event of handle) events.push(event);
  return events;
}
