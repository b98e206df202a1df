import {
  mkdtempSync,
  readdirSync,
  rmSync,
  statSync,
  symlinkSync,
  utimesSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { SendTicket, Ticket } from '../../../src/client/tickets/ticket.ts';
import { encodeTicket } from '../../../src/client/tickets/ticket-codec.ts';
import { TicketStore } from '../../../src/client/tickets/ticket-store.ts';
import { ProcessLock } from '../../../src/io/files/process-lock.ts';
import { StateFolder } from '../../../src/io/files/state-folder.ts';
import { RECEIVE_TICKET, SEND_TICKET } from './tickets.ts';

const NOW = 3_000_000;
let path: string;
let store: TicketStore;

beforeEach(async () => {
  path = mkdtempSync(join(tmpdir(), 'p2pshare-tickets-'));
  store = await TicketStore.open(path, () => NOW);
});

afterEach(async () => {
  await store.close();
  rmSync(path, { recursive: true, force: true });
});

function isSend(ticket: Ticket): ticket is SendTicket {
  return ticket.kind === 'send';
}

async function take() {
  const { tickets } = await store.list();
  return await store.take(tickets, isSend);
}

describe('the tickets of a user', () => {
  it('are kept privately, changed whole, and gone when they are discarded', async () => {
    const held = await store.add(SEND_TICKET);
    await held?.update({ failedAttempts: 2 });
    expect(readdirSync(path)).toEqual([`${SEND_TICKET.id}.json`, `${SEND_TICKET.id}.lock`]);
    expect(statSync(join(path, `${SEND_TICKET.id}.json`)).mode & 0o777).toBe(0o600);
    const changed = { ...SEND_TICKET, failedAttempts: 2, seenMs: NOW };
    expect(await store.list()).toEqual({
      tickets: [{ ticket: changed, isHeld: true }],
      ignored: [],
    });
    await held?.discard();
    expect(readdirSync(path)).toEqual([]);
  });

  it('have their last change on disk, however fast changes come', async () => {
    const held = await store.add(SEND_TICKET);
    const changes = [0, 1, 2, 3].map((failedAttempts) => held?.update({ failedAttempts }));
    await Promise.all([...changes, held?.release()]);
    await held?.update({ failedAttempts: 9 });
    const { tickets } = await store.list();
    expect(tickets[0]).toMatchObject({ ticket: { failedAttempts: 3 }, isHeld: false });
  });

  it('are each for one process at a time', async () => {
    const held = await store.add(SEND_TICKET);
    expect(await store.add(SEND_TICKET)).toBeUndefined();
    expect(await take()).toBeUndefined();
    await held?.release();
    expect((await take())?.ticket).toEqual(SEND_TICKET);
  });

  it('are taken the newest first, and only those that are meant', async () => {
    const older: SendTicket = { ...SEND_TICKET, id: '0'.repeat(8), createdMs: 1 };
    for (const ticket of [SEND_TICKET, older, RECEIVE_TICKET]) {
      await (await store.add(ticket))?.release();
    }
    expect((await take())?.ticket.id).toBe(SEND_TICKET.id);
    expect((await take())?.ticket.id).toBe(older.id);
    expect(await take()).toBeUndefined();
  });

  it('are not taken by who saw them before somebody else did', async () => {
    await (await store.add(SEND_TICKET))?.release();
    const { tickets } = await store.list();
    const held = await take();
    expect(await store.take(tickets, isSend)).toBeUndefined();
    await held?.discard();
    expect(await store.take(tickets, isSend)).toBeUndefined();
  });
});

describe('many tickets, and what is left of others,', () => {
  it('leave no locks behind, whenever their process was killed', async () => {
    const held = await store.add(SEND_TICKET);
    await held?.release();
    // Of a process that is gone, and of this one, which is about to write its ticket.
    for (const id of [SEND_TICKET.id, 'a'.repeat(8)])
      writeFileSync(join(path, `${id}.lock`), '1 gone 1', { mode: 0o600 });
    const own = await ProcessLock.take(await StateFolder.open(path), `${'b'.repeat(8)}.lock`);
    await store.tidy([]);
    const left = readdirSync(path);
    expect(left).toEqual(
      [`${SEND_TICKET.id}.json`, `${SEND_TICKET.id}.lock`, `${'b'.repeat(8)}.lock`].sort(),
    );
    await own?.release();
  });

  it('leave no drafts behind, which hold secrets as well', async () => {
    const [old, recent] = ['c.json.new', 'd.json.new'];
    for (const name of [old, recent]) writeFileSync(join(path, name), '{}', { mode: 0o600 });
    utimesSync(join(path, old), 0, 1);
    utimesSync(join(path, recent), 0, 3);
    const aDayLater = await TicketStore.open(path, () => 24 * 3_600_000 + 2000);
    await aDayLater.tidy([]);
    await aDayLater.close();
    expect(readdirSync(path)).toEqual([recent]);
  });

  it('are told the oldest first, however many they are', async () => {
    const ages = Array.from({ length: 70 }, (_, index) => (index * 37) % 70);
    for (const age of ages) {
      const ticket = { ...SEND_TICKET, id: `${age}`.padStart(8, '0'), createdMs: age };
      writeFileSync(join(path, `${ticket.id}.json`), encodeTicket(ticket), { mode: 0o600 });
    }
    const { tickets } = await store.list();
    expect(tickets.map(({ ticket }) => ticket.createdMs)).toEqual(ages.sort((a, b) => a - b));
  });
});

describe('what lies in the state folder beside them', () => {
  it('is told by name and reason, and never taken', async () => {
    const file = (id: string) => join(path, `${id.repeat(8)}.json`);
    writeFileSync(file('a'), '{"version":1', { mode: 0o600 });
    writeFileSync(file('b'), encodeTicket({ ...SEND_TICKET, id: 'b'.repeat(8) }), { mode: 0o644 });
    // A ticket for another file.
    writeFileSync(file('c'), encodeTicket(SEND_TICKET), { mode: 0o600 });
    symlinkSync(file('a'), file('d'));
    for (const name of ['README', 'x.json', 'a.lock']) writeFileSync(join(path, name), 'x');
    expect(await store.list()).toEqual({
      tickets: [],
      ignored: [
        { name: 'aaaaaaaa.json', why: 'malformed' },
        { name: 'bbbbbbbb.json', why: 'open-to-others' },
        { name: 'cccccccc.json', why: 'malformed' },
        { name: 'dddddddd.json', why: 'not-a-file' },
      ],
    });
    expect(await take()).toBeUndefined();
  });
});
