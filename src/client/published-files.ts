import { join } from 'node:path';
import type { Published } from '../io/tree-publish.ts';
import type { Entry } from '../protocol/transfer/entry.ts';
import type { FileEvent } from './events.ts';
import { topSizes } from './offer-summary.ts';
import type { ConflictPolicy } from './options.ts';

/** What a person is told of what was offered at the top, once everything has its name. */
export function fileEvents(
  published: readonly Published[],
  offer: {
    readonly entries: readonly Entry[];
    /** Where it went: none for a stream. */
    readonly folder: string | undefined;
    /** What was called so before anything was given a name: of one thing, its path. */
    readonly path: string;
    readonly onConflict: ConflictPolicy | undefined;
    /** Of all of it; what a stream brought, for one. */
    readonly bytes: number;
    /** Links that could not be made. */
    readonly omittedLinks: number;
  },
): FileEvent[] {
  const { entries, folder, path, onConflict } = offer;
  const sizes = topSizes(entries);
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

function topLinks(entries: readonly Entry[]): string[] {
  const links = entries.filter(({ kind, path }) => kind === 'link' && path.length === 1);
  return links.map(({ path }) => String(path[0]));
}
