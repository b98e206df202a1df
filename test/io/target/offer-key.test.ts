import { beforeAll, describe, expect, it } from 'vitest';
import { createHasher } from '../../../src/crypto/xxhash.ts';
import { entryKeys, offerKey } from '../../../src/io/target/offer-key.ts';
import type { Hasher } from '../../../src/protocol/ports.ts';
import type { Entry, FileEntry, LinkEntry } from '../../../src/protocol/transfer/entries/entry.ts';
import type { EntryName } from '../../../src/protocol/transfer/entries/entry-name.ts';

let hasher: Hasher;
beforeAll(async () => {
  hasher = await createHasher();
});

const path = (text: string) => text.split('/') as EntryName[];
const COMMON = { mtimeMs: 0, mode: 0o644 };
const FILE: FileEntry = { ...COMMON, kind: 'file', path: path('top/a'), size: 3, version: 7n };
const LINK: LinkEntry = { ...COMMON, kind: 'link', path: path('top/b'), size: 0, target: 'a' };
const FOLDER: Entry = { ...COMMON, kind: 'folder', path: path('top'), size: 0 };

async function keyOf(entry: Entry): Promise<bigint | undefined> {
  return (await entryKeys([entry], hasher))[0];
}

describe('the key of an entry', () => {
  it.each<[string, Entry, Entry]>([
    ['another path', FILE, { ...FILE, path: path('top/c') }],
    ['another size', FILE, { ...FILE, size: 4 }],
    ['another version', FILE, { ...FILE, version: 8n }],
    ['digits that are of its size instead', FILE, { ...FILE, size: 37, version: 0n }],
    ['another target', LINK, { ...LINK, target: 'c' }],
    ['another kind', { ...FOLDER, path: LINK.path }, { ...LINK, target: '' }],
  ])('is another one with %s', async (_, one, other) => {
    expect(await keyOf(one)).not.toBe(await keyOf(other));
  });

  it('is the same with another time and other permissions', async () => {
    expect(await keyOf({ ...FILE, mtimeMs: 1, mode: 0o600 })).toBe(await keyOf(FILE));
  });
});

describe('the key of an offer', () => {
  it('tells the order and the number of its entries', async () => {
    const offers = [[FILE, LINK], [LINK, FILE], [FILE], [FILE, FILE]];
    const keys = await Promise.all(offers.map((entries) => offerKey(entries, hasher)));
    expect(new Set(keys).size).toBe(offers.length);
    for (const key of keys) expect(key).toMatch(/^[0-9a-f]{64}$/);
    expect(await offerKey([FILE, LINK], hasher)).toBe(keys[0]);
  });

  it('lets everything else have its turn while it is made of many', async () => {
    const entries = Array.from({ length: 100_000 }, (_, version) => ({
      ...FILE,
      version: BigInt(version),
    }));
    let turns = 0;
    const count = () => {
      turns += 1;
      turning = setImmediate(count);
    };
    let turning = setImmediate(count);
    await offerKey(entries, hasher);
    clearImmediate(turning);
    expect(turns).toBeGreaterThanOrEqual(3);
  });
});
