import { isExpired, TICKET_LIFE_MS, type Ticket } from './ticket.ts';
import { type StoredTicket, TicketStore } from './ticket-store.ts';
import type { UnfinishedTransfer, UnfinishedTransfers } from './unfinished-transfers.ts';

/** The unfinished transfers of this user, the oldest first. Rejects with `P2P_STATE_UNSAFE`. */
export async function unfinished(stateFolder: string): Promise<UnfinishedTransfers> {
  const store = await TicketStore.open(stateFolder);
  try {
    const { tickets, ignored } = await store.list();
    return { transfers: tickets.map((stored) => describe(stored, Date.now())), ignored };
  } finally {
    await store.close();
  }
}

function describe(stored: StoredTicket, nowMs: number): UnfinishedTransfer {
  const { ticket } = stored;
  const { id, kind, offer, createdMs, seenMs } = ticket;
  return {
    id,
    direction: kind,
    state: stateOf(stored, nowMs),
    name: offer?.name ?? null,
    bytes: offer?.bytes ?? null,
    place: placeOf(ticket),
    startedAt: createdMs,
    expiresAt: seenMs + TICKET_LIFE_MS,
  };
}

function stateOf({ ticket, isHeld }: StoredTicket, nowMs: number): UnfinishedTransfer['state'] {
  if (isHeld) return 'running';
  if (isExpired(ticket, nowMs)) return 'expired';
  if (ticket.kind === 'receive' && ticket.settled !== undefined) return 'received';
  return ticket.resumeSecret === undefined ? 'waiting' : 'interrupted';
}

function placeOf({ kind, request }: Ticket): string {
  const { paths, out } = request;
  return String(kind === 'send' ? [paths].flat().join(', ') : out);
}
