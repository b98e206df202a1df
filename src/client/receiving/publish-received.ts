import type { FileSink } from '../../io/target/file-sink.ts';
import { offerKey } from '../../io/target/offer-key.ts';
import type { Hasher } from '../../protocol/ports.ts';
import type { Offer } from '../../protocol/transfer/entries/entry.ts';
import type { TransferEvent } from '../api/events.ts';
import type { ReceiveTicket } from '../tickets/ticket.ts';
import type { TicketKeeper } from '../tickets/ticket-keeper.ts';
import type { Destination } from './destination.ts';
import { fileEvents, omittedEvents } from './published-files.ts';

/** What has come whole, but for entries that the sender left out after all. */
export interface Completed {
  readonly sink: FileSink;
  readonly destination: Destination;
  readonly offer: Offer;
  readonly omitted: readonly number[];
}

/**
 * Gives everything its name; if we die in the middle of that, it goes on from there. Yields where it is,
 * and what is to be told of it; `bytes`: what has been written.
 */
export async function publishReceived(
  { sink, destination, offer: { entries }, omitted }: Completed,
  keeper: TicketKeeper<ReceiveTicket>,
  { bytes, hasher }: { readonly bytes: number; readonly hasher: Hasher },
): Promise<{ readonly files: readonly string[]; readonly events: readonly TransferEvent[] }> {
  const { folder, path, text } = destination;
  const omittedLinks = await sink.settle(omitted);
  if (folder !== undefined) await keeper.change({ settled: await offerKey(entries, hasher) });
  const published = await sink.publish();
  const { onConflict } = keeper.ticket.offer ?? {};
  const offer = { entries, folder, path, onConflict, bytes, omitted, omittedLinks };
  const told = fileEvents(published, offer);
  const files = told.map((event) => event.path);
  const result = files.length === 1 ? files[0] : folder;
  if (result !== undefined) await keeper.change({ result });
  const texts: TransferEvent[] = text === undefined ? [] : [{ event: 'text', text: text() }];
  return { files, events: [...texts, ...omittedEvents(offer), ...told] };
}
