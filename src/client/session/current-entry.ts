import type { Entries } from '../../protocol/transfer/entries/entry.ts';
import type { CurrentEntry } from '../api/events.ts';

/** The entry of this number, from 0, as progress tells it; nothing where there is but one. */
export function currentEntry(
  entries: Entries,
  number: number | undefined,
): CurrentEntry | undefined {
  const entry = number === undefined ? undefined : entries.at(number);
  if (entry === undefined || number === undefined || entries.length < 2) return undefined;
  return { name: entry.path.join('/'), number: number + 1, of: entries.length };
}
