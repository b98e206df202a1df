import { randomBytes } from 'node:crypto';
import { randomWords } from '../../protocol/handshake/code.ts';
import type { Random } from '../../protocol/ports.ts';
import type { TicketEvent } from '../api/events.ts';
import type { SendTicket, StoredOptions, Ticket } from '../tickets/ticket.ts';
import { isSameRequest, keeperOf, type TicketKeeper } from '../tickets/ticket-keeper.ts';

/** No server gives this number: the code is not known yet. */
const NO_NAMEPLATE = 0;

/** The ticket of what the same request began before and nobody is at, or a new one. */
export async function sendTicket(options: {
  readonly stateFolder: string | undefined;
  readonly request: StoredOptions;
  readonly ways: StoredOptions;
  readonly random: Random;
  readonly emit: (event: TicketEvent) => void;
}): Promise<TicketKeeper<SendTicket>> {
  const { request, random } = options;
  const isMeant = (ticket: Ticket): ticket is SendTicket =>
    ticket.kind === 'send' && isSameRequest(ticket.request, request);
  return await keeperOf({ ...options, isMeant, make: () => newTicket(options, random) });
}

function newTicket(
  { request, ways }: Pick<SendTicket, 'request' | 'ways'>,
  random: Random,
): SendTicket {
  const now = Date.now();
  return {
    kind: 'send',
    id: randomBytes(4).toString('hex'),
    createdMs: now,
    seenMs: now,
    request,
    ways,
    code: { nameplate: NO_NAMEPLATE, words: randomWords(random) },
    ownerSecret: Uint8Array.from(random.bytes(16)),
    salt: Uint8Array.from(random.bytes(16)),
    failedAttempts: 0,
  };
}
