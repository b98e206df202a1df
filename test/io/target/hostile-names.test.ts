import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { OnConflict } from '../../../src/io/target/file-publish.ts';
import type { FileEntry } from '../../../src/protocol/transfer/entries/entry.ts';
import { parseEntryName } from '../../../src/protocol/transfer/entries/entry-name.ts';
import { OneFileSink } from '../../support/one-file-sink.ts';
import { plantPrecious, walkInodes } from '../../support/precious.ts';
import { SeededRandom } from '../../support/seeded-random.ts';
import { seedsFor, tryAll } from '../../support/seeds.ts';

/** `P2PSHARE_MANIFESTS=1000000` tries as many, at about 2,000 a second. */
const { P2PSHARE_MANIFESTS: wanted = '2000' } = process.env;
const MANIFESTS = Number(wanted);
const PER_FOLDER = 500;

/** The rows of bad input for paths, and what lies in the folder already. */
const PIECES = [
  ...[
    '..',
    '.',
    '',
    '/',
    '\\',
    '~',
    '-rf',
    'a//b',
    '../x',
    'a/../../x',
    '/etc/x',
    'C:\\x',
    'x:ads',
  ],
  ...['\\\\h\\s', '\\\\?\\', 'a\0b', 'CON', 'nul.txt', 'COM1 .log', 'x.', 'x ', '.ssh', '.SSH'],
  ...['\uff0e\uff0e', '\u2025', '\u2044', 'e\u0301', '\u00e9', '\u00df', 'SS', '\u212a', '\u0130'],
  ...['__proto__', 'constructor', '\x1b[2J', '\u202e', '\x9b', '\ufffd', '\ud800', 'x'.repeat(250)],
  ...['old', 'OLD', 'link', 'dangling', 'folder', 'old.part', '.p2pshare-x', 'a', 'tar.gz', ' (1)'],
];
const POLICIES: readonly OnConflict[] = ['fail', 'skip', 'rename'];

let base: string;
let inbox: string;

beforeEach(async () => {
  base = await mkdtemp(join(tmpdir(), 'p2pshare-names-'));
  inbox = join(base, 'inbox');
});

afterEach(async () => {
  await rm(base, { recursive: true, force: true });
});

describe('whatever name a sender makes up', () => {
  const seeds = seedsFor(Math.ceil(MANIFESTS / PER_FOLDER));

  it(
    `leads to a new file in the folder or to none (seeds ${seeds[0]} to ${seeds.at(-1)})`,
    { timeout: 60_000 + MANIFESTS * 20 },
    () => tryAll(seeds, tryFolder),
  );
});

/** Receives many files into one folder, which is looked at as a whole in the end. */
async function tryFolder(seed: number): Promise<void> {
  const random = new SeededRandom(seed);
  await plantPrecious(base, inbox);
  const before = await walkInodes(base);
  const published = new Set<string>();
  for (let i = 0; i < PER_FOLDER; i += 1) {
    const path = await receive(madeUp(random), POLICIES[random.integer(POLICIES.length)] ?? 'fail');
    if (path !== undefined) published.add(path);
  }
  expect(published.size).toBeGreaterThan(0);
  const after = await walkInodes(base);
  for (const [path, was] of before) expect(after.get(path), path).toBe(was);
  const added = [...after.keys()].filter((path) => !before.has(path));
  expect(added.sort()).toEqual([...published].sort());
  for (const path of added) expect(path.slice(inbox.length)).toMatch(/^\/[^/]+$/);
  await rm(base, { recursive: true });
}

function madeUp(random: SeededRandom): string {
  const count = 1 + random.integer(3);
  const pieces = Array.from({ length: count }, () => PIECES[random.integer(PIECES.length)] ?? '');
  return pieces.join(random.chance(0.3) ? '/' : '');
}

/** The path of the file, if it is written. */
async function receive(text: string, onConflict: OnConflict): Promise<string | undefined> {
  const name = parseEntryName(text);
  if (typeof name !== 'string') return undefined;
  const entry: FileEntry = {
    kind: 'file',
    path: [name],
    size: 1,
    mtimeMs: 0,
    mode: 0o644,
    version: 1n,
  };
  try {
    const sink = await OneFileSink.open({ target: { directory: inbox }, entry, onConflict });
    await sink.write(0, [Uint8Array.of(7)]);
    return await sink.publish();
  } catch (error) {
    expect(error, text).toMatchObject({ code: 'P2P_TARGET_EXISTS' });
    return undefined;
  }
}
