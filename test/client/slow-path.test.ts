import { randomBytes } from 'node:crypto';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import type { TransferEvent } from '../../src/client/api/events.ts';
import type { Transfer } from '../../src/client/api/transfer-handle.ts';
import { receive } from '../../src/client/receive.ts';
import { send } from '../../src/client/send.ts';

describe.concurrent('over a slow path', () => {
  it('progress does not wait for a chunk to be whole', async () => {
    const [, received] = await transferred({ bytes: 600_000, limit: 300_000 });
    const bytes = received.flatMap((event) => (event.event === 'progress' ? [event.bytes] : []));
    expect(bytes).toEqual(bytes.toSorted((a, b) => a - b));
    expect(new Set(bytes).size).toBeGreaterThan(4);
    expect(bytes.at(-1)).toBe(600_000);
  });

  it('what comes slowly is not said to stand still', { timeout: 60_000 }, async () => {
    const both = await transferred({ bytes: 40_000, limit: 4000 });
    for (const events of both) {
      const phases = events.flatMap((event) => (event.event === 'status' ? [event.phase] : []));
      expect(phases).toContain('transferring');
      expect(phases).not.toContain('stalled');
    }
  });
});

/** What both sides tell of a file that travels at so many bytes a second. */
async function transferred({
  bytes,
  limit,
}: {
  readonly bytes: number;
  readonly limit: number;
}): Promise<[TransferEvent[], TransferEvent[]]> {
  const folder = await mkdtemp(join(tmpdir(), 'p2pshare-slow-'));
  try {
    const path = join(folder, 'noise');
    await writeFile(path, randomBytes(bytes));
    const sender = send({ paths: [path], limit });
    const sent: TransferEvent[] = [];
    let received: Promise<TransferEvent[]> | undefined;
    for await (const event of sender) {
      sent.push(event);
      if (event.event !== 'code') continue;
      received = all(receive({ code: event.code, out: join(folder, 'arrived') }));
    }
    await sender.result;
    return [sent, (await received) ?? []];
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

async function all(transfer: Transfer): Promise<TransferEvent[]> {
  const events: TransferEvent[] = [];
  for await (const event of transfer) events.push(event);
  return events;
}
