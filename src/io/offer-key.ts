import { createHash } from 'node:crypto';
import type { Entry } from '../protocol/transfer/entry.ts';

/** Tells the versions of all entries of an offer from those of any other: 64 hexadecimal digits. */
export function offerKey(entries: readonly Entry[]): string {
  const hash = createHash('sha256');
  for (const entry of entries) hash.update(`${describe(entry)}\n`);
  return hash.digest('hex');
}

/** The same for each entry by itself: 64 bits. */
export function entryKeys(entries: readonly Entry[]): BigUint64Array {
  return BigUint64Array.from(entries, (entry) => {
    return createHash('sha256').update(describe(entry)).digest().readBigUInt64BE();
  });
}

function describe(entry: Entry): string {
  const { kind, path, size } = entry;
  const version = kind === 'file' ? String(entry.version) : kind === 'link' ? entry.target : '';
  return JSON.stringify([kind, path.join('/'), size, version]);
}
