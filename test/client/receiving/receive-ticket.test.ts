import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { receiveTicket } from '../../../src/client/receiving/receive-ticket.ts';
import type { ReceiveTicket } from '../../../src/client/tickets/ticket.ts';
import type { TicketKeeper } from '../../../src/client/tickets/ticket-keeper.ts';
import type { Code } from '../../../src/protocol/handshake/code.ts';

const CODE: Code = { nameplate: 4821, words: ['acorn', 'velvet', 'walnut'] };
const SECRET = new Uint8Array(32).fill(7);
let stateFolder: string;

beforeEach(() => {
  stateFolder = mkdtempSync(join(tmpdir(), 'p2pshare-receive-ticket-'));
});

afterEach(() => rmSync(stateFolder, { recursive: true, force: true }));

function open(out: string, code = CODE): Promise<TicketKeeper<ReceiveTicket>> {
  const emit = () => undefined;
  return receiveTicket({ stateFolder, request: { out }, ways: {}, code, emit });
}

/** A transfer that has met its sender, and broke off; or one that still runs. */
async function begin(out: string, { runs = false, several = false } = {}): Promise<ReceiveTicket> {
  const keeper = await open(out);
  await keeper.change({
    resumeSecret: SECRET,
    ...(several && { isOneOfSeveral: true }),
    folder: out,
    offer: { name: 'one', entries: 1, bytes: 12 },
  });
  if (!runs) {
    await expect(keeper.over(Promise.reject(new Error('cut off')))).rejects.toThrow('cut off');
  }
  return keeper.ticket;
}

describe('the same code', () => {
  it('goes on with what it brought to the same place', async () => {
    const before = await begin('/in/a');
    expect((await open('/in/a')).ticket).toMatchObject({ id: before.id, resumeSecret: SECRET });
  });

  it('meets its sender again from another place, with nothing of what is in the first', async () => {
    const before = await begin('/in/a');
    const { ticket } = await open('/in/b');
    expect(ticket.id).not.toBe(before.id);
    expect(ticket.resumeSecret).toEqual(SECRET);
    expect([ticket.folder, ticket.offer]).toEqual([undefined, undefined]);
  });

  it('is one more receiver from another place, where its sender has others', async () => {
    await begin('/in/a', { several: true });
    expect((await open('/in/b')).ticket.resumeSecret).toBeUndefined();
  });

  it('is one more receiver while the first one runs', async () => {
    await begin('/in/a', { runs: true });
    expect((await open('/in/b')).ticket.resumeSecret).toBeUndefined();
  });
});

it('knows nobody by another code', async () => {
  await begin('/in/a');
  const other = { ...CODE, nameplate: 4822 };
  expect((await open('/in/b', other)).ticket.resumeSecret).toBeUndefined();
});
