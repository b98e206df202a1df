import { sharedHasher } from '../crypto/xxhash.ts';
import { arrivedBytes } from '../io/target/arrived-bytes.ts';
import type { UnfinishedTransfer, UnfinishedTransfers } from './api/unfinished-transfers.ts';
import { isExpired, TICKET_LIFE_MS, type Ticket } from './tickets/ticket.ts';
import { type StoredTicket, TicketStore } from './tickets/ticket-store.ts';

/** The unfinished transfers of this user, the oldest first. Rejects with `P2P_STATE_UNSAFE`. */
export async function unfinished(stateFolder: string): Promise<UnfinishedTransfers> {
  const store = await TicketStore.open(stateFolder);
  try {
    const { tickets, ignored } = await store.list();
    const transfers = tickets.map((stored) => describe(stored, Date.now()));
    return { transfers: await Promise.all(transfers), ignored };
  } finally {
    await store.close();
  }
}

async function describe(stored: StoredTicket, nowMs: number): Promise<UnfinishedTransfer> {
  const { ticket } = stored;
  const { id, kind, offer, createdMs, seenMs } = ticket;
  const arrived = await arrivedOf(ticket);
  return {
    id,
    direction: kind,
    state: stateOf(stored, nowMs),
    name: offer?.name ?? null,
    bytes: offer?.bytes ?? null,
    ...(arrived !== undefined && { arrived }),
    place: placeOf(ticket),
    startedAt: createdMs,
    expiresAt: seenMs + TICKET_LIFE_MS,
  };
}

/** Nobody misses it where the folder cannot be read any more. */
async function arrivedOf(ticket: Ticket): Promise<number | undefined> {
  if (ticket.kind !== 'receive') return undefined;
  const { folder, id, settled, offer } = ticket;
  if (folder === undefined || settled !== undefined) return undefined;
  const bytes = await arrivedBytes(folder, id, await sharedHasher()).catch(() => undefined);
  return bytes && Math.min(bytes, offer?.bytes ?? bytes);
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
