import { existsSync, mkdirSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { forget } from '../../src/client/forget.ts';
import { resume } from '../../src/client/resume.ts';
import { TicketStore } from '../../src/client/tickets/ticket-store.ts';
import { unfinished } from '../../src/client/unfinished.ts';
import { RECEIVE_TICKET } from './tickets/tickets.ts';

const { id } = RECEIVE_TICKET;
let parent: string;
let stateFolder: string;
let folder: string;

beforeEach(async () => {
  parent = mkdtempSync(join(tmpdir(), 'p2pshare-forget-'));
  [stateFolder, folder] = [join(parent, 'state'), join(parent, 'in')];
  mkdirSync(folder);
  const store = await TicketStore.open(stateFolder);
  await (await store.add({ ...RECEIVE_TICKET, folder, seenMs: Date.now() }))?.release();
  await store.close();
});

afterEach(() => rmSync(parent, { recursive: true, force: true }));

/** A folder as a receiver that died leaves it. */
function leave(name: string, mode = 0o700): string {
  const path = join(folder, name);
  mkdirSync(path, { mode });
  writeFileSync(join(path, 'file'), 'half');
  return path;
}

describe('an unfinished transfer that is given up', () => {
  it('takes with it what it has left, and nothing else', async () => {
    leave(`.p2pshare-${id}`);
    leave('.p2pshare-00000000');
    writeFileSync(join(folder, 'mine.txt'), 'mine');
    await forget({ stateFolder, id });
    expect(readdirSync(folder).sort()).toEqual(['.p2pshare-00000000', 'mine.txt']);
    expect(await unfinished(stateFolder)).toEqual({ transfers: [], ignored: [] });
  });

  it('stays while something that is not its own lies in its place', async () => {
    const path = leave(`.p2pshare-${id}`, 0o755);
    writeFileSync(join(path, 'mine.txt'), 'mine');
    await expect(forget({ stateFolder, id })).rejects.toMatchObject({
      code: 'P2P_TARGET_UNWRITABLE',
    });
    expect(existsSync(join(path, 'mine.txt'))).toBe(true);
    expect((await unfinished(stateFolder)).transfers).toMatchObject([{ id, state: 'received' }]);
  });

  it('is left alone while a process is at it', async () => {
    const store = await TicketStore.open(stateFolder);
    const held = await store.hold(id);
    await expect(forget({ stateFolder, id })).rejects.toMatchObject({ code: 'P2P_USAGE' });
    expect((await unfinished(stateFolder)).transfers).toMatchObject([{ id, state: 'running' }]);
    await held?.release();
    await store.close();
  });

  it.each(['', '../in', 'ffffffff'])('must be one that there is: %j', async (other) => {
    await expect(forget({ stateFolder, id: other })).rejects.toMatchObject({ code: 'P2P_USAGE' });
    expect(readdirSync(stateFolder)).toEqual([`${id}.json`]);
  });
});

describe('a transfer that is not there', () => {
  it('cannot be resumed', async () => {
    const { result } = resume({ stateFolder, id: 'ffffffff' });
    await expect(result).rejects.toMatchObject({ code: 'P2P_USAGE' });
  });
});
