import { createHmac, randomBytes } from 'node:crypto';
import { offerKey } from '../../io/target/offer-key.ts';
import { type Code, formatCode } from '../../protocol/handshake/code.ts';
import type { Hasher } from '../../protocol/ports.ts';
import type { Entries } from '../../protocol/transfer/entries/entry.ts';
import { sameBytes } from '../../protocol/wire/bytes.ts';
import type { TicketEvent } from '../api/events.ts';
import type { Decision, ReceiveOptions } from '../api/options.ts';
import { keptPolicy } from '../tickets/conflict-policy.ts';
import type { ReceiveTicket, StoredOffer, StoredOptions, Ticket } from '../tickets/ticket.ts';
import { isSameRequest, keeperOf, type TicketKeeper } from '../tickets/ticket-keeper.ts';

/**
 * The ticket of what the same code brought to the same place before, if nobody is at it, or a new one.
 * Where the code has brought something to another place, its sender knows this side by the secret of
 * that alone, and does not wait under the code itself any more: so a new one takes the secret over,
 * unless the sender has others as well: then its code is good for one more.
 */
export async function receiveTicket(options: {
  readonly stateFolder: string | undefined;
  readonly request: StoredOptions;
  readonly ways: StoredOptions;
  readonly code: Code;
  readonly emit: (event: TicketEvent) => void;
}): Promise<TicketKeeper<ReceiveTicket>> {
  const { request, code } = options;
  const isOfCode = (ticket: Ticket): ticket is ReceiveTicket =>
    ticket.kind === 'receive' && sameBytes(ticket.codeHash, hashOf(code, ticket.codeSalt));
  const isMeant = (ticket: Ticket): ticket is ReceiveTicket =>
    isOfCode(ticket) && isSameRequest(ticket.request, request);
  const make = (others: readonly Ticket[]): ReceiveTicket => {
    const used = others.filter((ticket) => isOfCode(ticket) && ticket.isOneOfSeveral !== true);
    const resumeSecret = used.at(-1)?.resumeSecret;
    return { ...newTicket(options), ...(resumeSecret !== undefined && { resumeSecret }) };
  };
  return await keeperOf({ ...options, isMeant, make });
}

/** Whoever has accepted the same in an earlier session is not asked again. */
export function acceptedBefore(
  { offer: before }: ReceiveTicket,
  { name, entries, bytes }: StoredOffer,
  asked: ReceiveOptions['onConflict'],
): Extract<Decision, { accept: true }> | undefined {
  if (before?.name !== name || before.entries !== entries || before.bytes !== bytes) {
    return undefined;
  }
  return { accept: true, onConflict: keptPolicy(before, asked) };
}

/** Whether an earlier attempt has brought all of an offer, and given it its names. */
export async function isSettled(
  { settled, result }: ReceiveTicket,
  entries: Entries,
  hasher: Hasher,
): Promise<boolean> {
  return result !== undefined && settled === (await offerKey(entries, hasher));
}

function newTicket({
  request,
  ways,
  code,
}: Pick<ReceiveTicket, 'request' | 'ways'> & { readonly code: Code }): ReceiveTicket {
  const now = Date.now();
  const codeSalt = Uint8Array.from(randomBytes(16));
  const codeHash = hashOf(code, codeSalt);
  const id = randomBytes(4).toString('hex');
  return { kind: 'receive', id, createdMs: now, seenMs: now, request, ways, codeSalt, codeHash };
}

/** Tells codes apart. That it could be searched for its words wins nobody anything: they are used up. */
function hashOf(code: Code, salt: Uint8Array): Uint8Array {
  return Uint8Array.from(createHmac('sha256', salt).update(formatCode(code)).digest());
}
