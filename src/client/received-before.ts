import { findByIdentity } from '../io/file-leftovers.ts';
import type { Entry } from '../protocol/transfer/entry.ts';
import type { ReceiveTicket } from './ticket.ts';

/** The path at which an earlier attempt has brought everything, if it has. */
export async function receivedFile({
  identity,
  folder,
}: ReceiveTicket): Promise<string | undefined> {
  if (identity === undefined || folder === undefined) return undefined;
  return await findByIdentity(folder, identity);
}

/** The same, of a file that is offered again. */
export async function receivedBefore(
  ticket: ReceiveTicket,
  directory: string | undefined,
  { size }: Entry,
): Promise<string | undefined> {
  const isSame = ticket.offer?.bytes === size && ticket.folder === directory;
  return isSame ? await receivedFile(ticket) : undefined;
}
