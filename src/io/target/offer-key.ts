import { createHash } from 'node:crypto';
import { setImmediate } from 'node:timers/promises';
import type { Hasher } from '../../protocol/ports.ts';
import type { Entries, Entry } from '../../protocol/transfer/entries/entry.ts';
import { utf8 } from '../../protocol/wire/utf8.ts';

/**
 * Looked at in one go: a million would keep everything else waiting for a second. Not fewer, for while
 * files come a turn of the event loop takes as long as this does.
 */
const AT_ONCE = 32_768;

/** Tells the versions of all entries of an offer from those of any other: 64 hexadecimal digits. */
export async function offerKey(entries: Entries, hasher: Hasher): Promise<string> {
  const keys = await entryKeys(entries, hasher);
  return createHash('sha256').update(keys).digest('hex');
}

/** The same for each entry by itself: 64 bits. */
export async function entryKeys(entries: Entries, hasher: Hasher): Promise<BigUint64Array> {
  const keys = new BigUint64Array(entries.length);
  for (const [index, entry] of entries.entries()) {
    if (index % AT_ONCE === AT_ONCE - 1) await setImmediate();
    keys[index] = hasher.xxh64(utf8(describe(entry)));
  }
  return keys;
}

/** No component of a path has a NUL or a slash in it. */
function describe(entry: Entry): string {
  const { kind, path, size } = entry;
  const version = kind === 'file' ? entry.version : kind === 'link' ? entry.target : '';
  return `${kind}\0${path.join('/')}\0${size}\0${version}`;
}
