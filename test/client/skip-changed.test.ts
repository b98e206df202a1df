import { randomBytes } from 'node:crypto';
import { appendFile, mkdir, mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { OmittedEvent } from '../../src/client/api/events.ts';
import type { RunningServer } from '../../src/client/api/options.ts';
import type { Transfer } from '../../src/client/api/transfer-handle.ts';
import { receive } from '../../src/client/receive.ts';
import { send } from '../../src/client/send.ts';
import { serve } from '../../src/server/serve.ts';

const MIB = 2 ** 20;

let server: RunningServer;
let folder: string;
const at = (name: string): string => join(folder, name);

beforeEach(async () => {
  server = await serve({ listen: '127.0.0.1:0' });
  folder = await mkdtemp(join(tmpdir(), 'p2pshare-changed-'));
  for (const name of ['out', 'top', 'top/sub']) await mkdir(at(name));
  await writeFile(at('top/big'), new Uint8Array(3 * MIB).fill(1));
  await writeFile(at('top/empty'), '');
  await writeFile(at('top/gone'), 'here');
  await writeFile(at('top/sub/kept'), new Uint8Array(3 * MIB).fill(2));
});

afterEach(async () => {
  await server.close();
  await rm(folder, { recursive: true, force: true });
});

describe('a folder that is in use while it is sent', () => {
  it('arrives without what has changed, and both sides say so', async () => {
    const { sender, receiver } = await transfer(['top'], { skipChanged: true }, async () => {
      await appendFile(at('top/big'), 'more');
      await appendFile(at('top/empty'), 'more');
      await rm(at('top/gone'));
    });
    expect(await omissions(receiver)).toEqual([{ event: 'omitted', links: 0, changed: 2 }]);
    expect((await omissions(sender)).sort(byPath)).toEqual([
      { event: 'omitted', path: at('top/big'), code: 'P2P_SOURCE_CHANGED' },
      { event: 'omitted', path: at('top/gone'), code: 'P2P_SOURCE_MISSING' },
    ]);
    const { files } = await receiver.result;
    expect(files).toEqual([at('out/top')]);
    expect(await readdir(at('out/top'), { recursive: true })).toEqual(['empty', 'sub', 'sub/kept']);
    expect(await readFile(at('out/top/empty'), 'utf8')).toBe('');
    const kept = await readFile(at('out/top/sub/kept'));
    expect(kept.equals(await readFile(at('top/sub/kept')))).toBe(true);
  });

  it('arrives without what changes on the way, of which most had come', async () => {
    // What could be compressed would not be slow.
    await writeFile(at('top/big'), randomBytes(20 * MIB));
    const slowly = { skipChanged: true, limit: 20 * MIB };
    const { sender, receiver } = await transfer(['top'], slowly, async () => undefined);
    let come = 0;
    for await (const event of receiver) {
      if (event.event !== 'progress') continue;
      if (come === 0 && event.bytes > 0) await appendFile(at('top/big'), 'more');
      come = event.bytes;
    }
    expect(come).toBeGreaterThan(3 * MIB);
    await sender.result;
    expect(await readdir(at('out'))).toEqual(['top']);
    expect(await readdir(at('out/top'))).toEqual(['empty', 'gone', 'sub']);
  });

  it('ends the transfer unless it was said what to do', async () => {
    const { sender, receiver } = await transfer(['top'], {}, () => rm(at('top/gone')));
    await expect(sender.result).rejects.toMatchObject({ code: 'P2P_SOURCE_MISSING' });
    await expect(receiver.result).rejects.toMatchObject({ code: 'P2P_SOURCE_MISSING' });
  });

  it('does not go without what was named', async () => {
    const { sender } = await transfer(['top/gone', 'top/sub'], { skipChanged: true }, () =>
      appendFile(at('top/gone'), 'more'),
    );
    await expect(sender.result).rejects.toMatchObject({ code: 'P2P_SOURCE_CHANGED' });
  });
});

/** A transfer during which something happens between the offer and its acceptance. */
async function transfer(
  names: readonly string[],
  options: { readonly skipChanged?: boolean; readonly limit?: number },
  meanwhile: () => Promise<unknown>,
): Promise<{ readonly sender: Transfer; readonly receiver: Transfer }> {
  const common = { servers: server.endpoints, lan: false };
  const sender = send({ ...common, paths: names.map(at), ...options });
  for await (const event of sender) {
    if (event.event !== 'code') continue;
    const decide = async () => {
      await meanwhile();
      return { accept: true } as const;
    };
    const receiver = receive({ ...common, code: event.code, out: at('out'), decide });
    return { sender, receiver };
  }
  throw new Error('unreachable: a sender without a code');
}

function byPath(one: OmittedEvent, other: OmittedEvent): number {
  return JSON.stringify(one) < JSON.stringify(other) ? -1 : 1;
}

async function omissions(transfer: Transfer): Promise<OmittedEvent[]> {
  const found: OmittedEvent[] = [];
  for await (const event of transfer) if (event.event === 'omitted') found.push(event);
  return found;
}
