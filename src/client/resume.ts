import { P2PShareError } from '../protocol/errors.ts';
import type { TicketEvent } from './api/events.ts';
import { requireBounds } from './api/option-bounds.ts';
import type { ResumeOptions } from './api/resume-options.ts';
import { type Transfer, TransferHandle, type TransferResult } from './api/transfer-handle.ts';
import { receiveKept } from './receive.ts';
import { receiveRequest, sendRequest } from './requests.ts';
import { sendKept } from './send.ts';
import type { ReceiveTicket, SendTicket, Ticket } from './tickets/ticket.ts';
import { TicketKeeper } from './tickets/ticket-keeper.ts';
import { TicketStore } from './tickets/ticket-store.ts';
import { waysOf } from './ways.ts';

/** Goes on with a transfer, as it was asked for. Its events are those of `send` or `receive`. */
export function resume(options: ResumeOptions): Transfer {
  const handle = new TransferHandle();
  goOn(options, handle).then(
    (result) => handle.succeed(result),
    (error) => handle.fail(error),
  );
  return handle;
}

async function goOn(options: ResumeOptions, handle: TransferHandle): Promise<TransferResult> {
  options.signal?.throwIfAborted();
  requireBounds(options);
  const store = await TicketStore.open(options.stateFolder);
  const keeper = await keep(store, options.id, (event) => handle.emit(event)).catch(
    async (error: unknown) => {
      await store.close();
      throw error;
    },
  );
  return await (isSending(keeper)
    ? resumeSending(options, handle, keeper)
    : resumeReceiving(options, handle, keeper));
}

async function resumeSending(
  { decide: _, ...options }: ResumeOptions,
  handle: TransferHandle,
  keeper: TicketKeeper<SendTicket>,
): Promise<TransferResult> {
  const { request, ways, id } = keeper.ticket;
  const what = sendRequest(request);
  if (what === undefined) return await keeper.over(Promise.reject(gone(id)));
  return await sendKept({ ...waysOf(ways), ...options, ...what }, handle, keeper);
}

async function resumeReceiving(
  options: ResumeOptions,
  handle: TransferHandle,
  keeper: TicketKeeper<ReceiveTicket>,
): Promise<TransferResult> {
  const { request, ways } = keeper.ticket;
  const { decide = async () => ({ accept: false }) } = options;
  const all = { ...waysOf(ways), ...options, ...receiveRequest(request), decide };
  return await receiveKept(all, handle, { keeper, code: undefined });
}

type AnyKeeper = TicketKeeper<SendTicket> | TicketKeeper<ReceiveTicket>;

function isSending(keeper: AnyKeeper): keeper is TicketKeeper<SendTicket> {
  return keeper.ticket.kind === 'send';
}

async function keep(
  store: TicketStore,
  id: string | undefined,
  emit: (event: TicketEvent) => void,
): Promise<AnyKeeper> {
  const { tickets } = await store.list();
  const meant = wanted(store.idle(tickets), id);
  const isSend = (ticket: Ticket): ticket is SendTicket =>
    ticket.kind === 'send' && ticket.id === meant.id;
  const isReceive = (ticket: Ticket): ticket is ReceiveTicket =>
    ticket.kind === 'receive' && ticket.id === meant.id;
  const take = async <T extends Ticket>(isMeant: (ticket: Ticket) => ticket is T) => {
    const held = await store.take(tickets, isMeant);
    if (held === undefined) throw gone(undefined);
    return new TicketKeeper({ store, emit, held, ticket: held.ticket });
  };
  return meant.kind === 'send' ? await take(isSend) : await take(isReceive);
}

/** The one of this id, or the only one. */
function wanted(tickets: readonly Ticket[], id: string | undefined): Ticket {
  const [first, second] = tickets.filter((ticket) => id === undefined || ticket.id === id);
  if (first === undefined) throw gone(id);
  if (second !== undefined)
    throw new P2PShareError('P2P_USAGE', 'there are several unfinished transfers: say which one');
  return first;
}

function gone(id: string | undefined): P2PShareError {
  const which = id === undefined ? 'there is no transfer' : `there is no transfer ${id}`;
  return new P2PShareError('P2P_USAGE', `${which} that can go on`);
}
