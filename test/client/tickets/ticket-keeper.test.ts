import { chmodSync, mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import type { TicketEvent } from '../../../src/client/api/events.ts';
import { sendTicket } from '../../../src/client/sending/send-ticket.ts';
import type { SendTicket } from '../../../src/client/tickets/ticket.ts';
import { keptSoon, type TicketKeeper } from '../../../src/client/tickets/ticket-keeper.ts';
import { TicketStore } from '../../../src/client/tickets/ticket-store.ts';
import { systemRandom } from '../../../src/crypto/random.ts';
import { StateFolder } from '../../../src/io/files/state-folder.ts';
import { type ErrorCode, P2PShareError } from '../../../src/protocol/errors.ts';
import { SEND_TICKET } from './tickets.ts';

const DAY = 86_400_000;
let stateFolder: string;
let events: TicketEvent[];

beforeEach(() => {
  stateFolder = mkdtempSync(join(tmpdir(), 'p2pshare-keeper-'));
  events = [];
});

afterEach(() => {
  vi.restoreAllMocks();
  rmSync(stateFolder, { recursive: true, force: true });
});

function open(): Promise<TicketKeeper<SendTicket>> {
  const { request, ways } = SEND_TICKET;
  const emit = (event: TicketEvent) => events.push(event);
  return sendTicket({ stateFolder, request, ways, random: systemRandom, emit });
}

async function keepFrom(seenMs: number): Promise<void> {
  const store = await TicketStore.open(stateFolder);
  await (await store.add({ ...SEND_TICKET, seenMs }))?.release();
  await store.close();
}

describe('the same command again', () => {
  it('goes on under the same code', async () => {
    await keepFrom(Date.now());
    const keeper = await open();
    expect(keeper.ticket.code).toEqual(SEND_TICKET.code);
    expect(events).toEqual([]);
    await keeper.over(Promise.resolve());
    expect(readdirSync(stateFolder)).toEqual([]);
  });

  it('is another transfer while the first one runs', async () => {
    await keepFrom(Date.now());
    const [one, other] = [await open(), await open()];
    expect(one.ticket.id).toBe(SEND_TICKET.id);
    expect(other.ticket.id).not.toBe(SEND_TICKET.id);
    for (const keeper of [one, other]) await keeper.over(Promise.resolve());
  });

  it.each([-3650, -2, 2, 3650])(
    'starts over, and says so, when the ticket is %i days away (F16, F27)',
    async (days) => {
      await keepFrom(Date.now() + days * DAY);
      const keeper = await open();
      expect(events).toEqual([{ event: 'ticket', state: 'expired' }]);
      expect(keeper.ticket.resumeSecret).toBeUndefined();
      expect(readdirSync(stateFolder)).toEqual([]);
      await keeper.over(Promise.resolve());
    },
  );
});

describe('a change that a person waits for', () => {
  it('does not wait as long as a busy disk, and those after it follow', async () => {
    const keeper = await open();
    let calmDown: () => void = () => undefined;
    const calm = new Promise<void>((resolve) => {
      calmDown = resolve;
    });
    const { write } = StateFolder.prototype;
    const writing = vi.spyOn(StateFolder.prototype, 'write');
    writing.mockImplementation(async function (this: StateFolder, ...what) {
      await calm;
      await write.apply(this, what);
    });
    const locking = vi.spyOn(StateFolder.prototype, 'create');
    await keptSoon(keeper.change({ code: SEND_TICKET.code }));
    const later = keeper.change({ failedAttempts: 2 });
    expect(writing).toHaveBeenCalledTimes(1);
    expect(events).toEqual([]);
    calmDown();
    await later;
    expect(locking).toHaveBeenCalledTimes(1);
    vi.restoreAllMocks();
    expect(events).toMatchObject([{ event: 'ticket', state: 'kept' }]);
    keeper.miss(true);
    await expect(keeper.over(Promise.reject(new Error('by the test')))).rejects.toThrow();
    const again = await open();
    expect(again.ticket).toMatchObject({ code: SEND_TICKET.code, failedAttempts: 2 });
    await again.over(Promise.resolve());
  });
});

describe('a transfer that has failed', () => {
  it.each<[ErrorCode, boolean]>([
    ['P2P_INTERRUPTED', true],
    ['P2P_DISK_FULL', true],
    ['P2P_CANCELLED', true],
    ['P2P_DECLINED', false],
    ['P2P_CODE_BURNT', false],
  ])('of %s can go on: %j', async (code, canGoOn) => {
    await keepFrom(Date.now());
    const keeper = await open();
    const failure = keeper.over(Promise.reject(new P2PShareError(code, 'by the test')));
    await expect(failure).rejects.toMatchObject({
      code,
      ticket: canGoOn ? SEND_TICKET.id : undefined,
    });
    expect(readdirSync(stateFolder)).toEqual(canGoOn ? [`${SEND_TICKET.id}.json`] : []);
  });

  it('before anybody was met leaves nothing', async () => {
    const keeper = await open();
    await keeper.change({ code: SEND_TICKET.code });
    expect(events).toEqual([{ event: 'ticket', state: 'kept', id: keeper.ticket.id }]);
    const failure = keeper.over(Promise.reject(new P2PShareError('P2P_TIMEOUT', 'by the test')));
    await expect(failure).rejects.toMatchObject({ ticket: undefined });
    expect(readdirSync(stateFolder)).toEqual([]);
  });
});

describe.skipIf(process.platform === 'win32')('a state folder that cannot be used', () => {
  it('ends no transfer, which only cannot go on', async () => {
    chmodSync(stateFolder, 0o777);
    const keeper = await open();
    await keeper.change({ code: SEND_TICKET.code });
    expect(events).toMatchObject([{ event: 'ticket', state: 'unavailable' }]);
    expect(readdirSync(stateFolder)).toEqual([]);
    expect(await keeper.over(Promise.resolve('done'))).toBe('done');
  });
});
