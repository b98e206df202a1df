import { join } from 'node:path';
import type { Published } from '../../io/target/tree-publish.ts';
import type { Entries } from '../../protocol/transfer/entries/entry.ts';
import type { FileEvent, OmittedEvent } from '../api/events.ts';
import type { ConflictPolicy } from '../api/options.ts';
import { topSizes } from '../session/offer-summary.ts';

/** What of an offer did not come after all. */
interface Omissions {
  /** Entries that the sender left out. */
  readonly omitted: readonly number[];
  /** Links that could not be made. */
  readonly omittedLinks: number;
}

/** What a person is told of that, if anything. */
export function omittedEvents({ omitted, omittedLinks: links }: Omissions): OmittedEvent[] {
  const changed = omitted.length;
  return links + changed > 0 ? [{ event: 'omitted', links, changed }] : [];
}

/** What a person is told of what was offered at the top, once everything has its name. */
export function fileEvents(
  published: readonly Published[],
  offer: {
    readonly entries: Entries;
    /** Where it went: none for a stream. */
    readonly folder: string | undefined;
    /** What was called so before anything was given a name: of one thing, its path. */
    readonly path: string;
    readonly onConflict: ConflictPolicy | undefined;
    /** Of all of it; what a stream brought, for one. */
    readonly bytes: number;
  } & Omissions,
): FileEvent[] {
  const { entries, folder, path, onConflict, omitted } = offer;
  const sizes = topSizes(entries, new Set(omitted));
  const pathOf = (name: string) => (folder === undefined ? name : join(folder, name));
  const events = published.map(({ offered, name, status }): FileEvent => {
    const bytes = sizes.get(offered) ?? offer.bytes;
    sizes.delete(offered);
    return { event: 'file', path: pathOf(name), bytes, status };
  });
  if (folder === undefined) return events;
  // Where some could not be made, there are none at all.
  if (offer.omittedLinks > 0) for (const name of topLinks(entries)) sizes.delete(name);
  // What was not published is there as it is, or was to be left out.
  const status = onConflict === 'skip' ? 'skipped' : 'unchanged';
  for (const [name, bytes] of sizes) {
    events.push({
      event: 'file',
      path: path === folder ? join(folder, name) : path,
      bytes,
      status,
    });
  }
  return events;
}

function topLinks(entries: Entries): string[] {
  const names: string[] = [];
  for (const { kind, path } of entries) {
    if (kind === 'link' && path.length === 1) names.push(String(path[0]));
  }
  return names;
}
