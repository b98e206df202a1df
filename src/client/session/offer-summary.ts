import type { Entries, Offer as TransferOffer } from '../../protocol/transfer/entries/entry.ts';
import type { EntryName } from '../../protocol/transfer/entries/entry-name.ts';

/** An offer in a few words. `name` is the sender's choice and raw. */
export interface OfferSummary {
  readonly name: string;
  /** Files, folders and links. */
  readonly entries: number;
  /** `null` where a stream is in it, of which nobody knows how long it is, and which can be sent once. */
  readonly bytes: number | null;
}

export function summaryOf({ entries, totalBytes }: TransferOffer): OfferSummary {
  const names = new Set<EntryName>();
  let bytes: number | null = totalBytes;
  for (const { kind, path } of entries) {
    names.add(path[0] as EntryName);
    if (kind === 'stream') bytes = null;
  }
  const [first = '', ...others] = names;
  const name = others.length === 0 ? first : `${first} and ${others.length} more`;
  return { name, entries: entries.length, bytes };
}

/** What is at the top of an offer, in its order. */
export function topNames(entries: Entries): EntryName[] {
  const names = new Set<EntryName>();
  for (const { path } of entries) names.add(path[0] as EntryName);
  return [...names];
}

/** How many bytes of an offer are in each thing at the top, as far as that is known, without `omitted`. */
export function topSizes(entries: Entries, omitted: ReadonlySet<number>): Map<string, number> {
  const sizes = new Map<string, number>();
  for (const [index, { kind, path, size }] of entries.entries()) {
    if (kind === 'stream' || omitted.has(index)) continue;
    const top = String(path[0]);
    sizes.set(top, (sizes.get(top) ?? 0) + size);
  }
  return sizes;
}
