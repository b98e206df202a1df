import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { Entry } from '../../../../src/protocol/transfer/entries/entry.ts';
import { EntryTable } from '../../../../src/protocol/transfer/entries/entry-table.ts';
import { entryName, fileEntry } from '../transfer-pair.ts';

// Few names, so that folders are left and come back to.
const path = fc.array(fc.constantFrom('a', 'b', 'c').map(entryName), {
  minLength: 1,
  maxLength: 4,
});
const place = {
  path,
  mtimeMs: fc.maxSafeNat(),
  mode: fc.integer({ min: 0, max: 0o777 }),
};
const empty = { ...place, size: fc.constant(0 as const) };
const file = {
  ...place,
  size: fc.maxSafeNat(),
  version: fc.bigInt({ min: 1n, max: 2n ** 64n - 1n }),
};
const entry: fc.Arbitrary<Entry> = fc.oneof(
  fc.record({ kind: fc.constant('file'), ...file }),
  fc.record({ kind: fc.constant('file'), ...file, isText: fc.constant(true as const) }),
  fc.record({ kind: fc.constant('folder'), ...empty }),
  fc.record({ kind: fc.constant('stream'), ...empty }),
  fc.record({ kind: fc.constant('link'), ...empty, target: fc.string() }),
);

function tableOf(entries: readonly Entry[]): EntryTable {
  const table = new EntryTable();
  for (const each of entries) table.push(each);
  return table;
}

describe('a table of entries', () => {
  it('has the entries that were put into it, in their order', () => {
    const property = fc.property(fc.array(entry, { maxLength: 50 }), (entries) => {
      const table = tableOf(entries);
      expect(table).toHaveLength(entries.length);
      expect([...table]).toEqual(entries);
      expect([...table.entries()]).toEqual([...entries.entries()]);
      // Backwards and twice, because it remembers the last one.
      for (const index of [...entries.keys()].reverse()) {
        expect(table.at(index)).toEqual(entries[index]);
        expect(table.at(index)).toEqual(entries[index]);
      }
      expect(table.at(entries.length)).toBeUndefined();
    });
    fc.assert(property);
  });

  it('has as many as there are', () => {
    for (const count of [1023, 1024, 1025, 3000]) {
      const entries = Array.from({ length: count }, (_, index) => fileEntry(`f${index}`, index));
      expect([...tableOf(entries)]).toEqual(entries);
    }
  });
});
