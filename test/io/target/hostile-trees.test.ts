import { mkdir, mkdtemp, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { createHasher } from '../../../src/crypto/xxhash.ts';
import type { OnConflict } from '../../../src/io/target/file-publish.ts';
import { openSink } from '../../../src/io/target/tree-sink.ts';
import type { Hasher } from '../../../src/protocol/ports.ts';
import type { Entry, Offer } from '../../../src/protocol/transfer/entries/entry.ts';
import { EntryKind } from '../../../src/protocol/transfer/messages/offer-message.ts';
import { TransferReceiver } from '../../../src/protocol/transfer/transfer-receiver.ts';
import { ByteWriter } from '../../../src/protocol/wire/byte-writer.ts';
import { message } from '../../protocol/transfer/receiver-support.ts';
import { plantPrecious, walkInodes } from '../../support/precious.ts';
import { SeededRandom } from '../../support/seeded-random.ts';
import { seedsFor, tryAll } from '../../support/seeds.ts';

/** `P2PSHARE_MANIFESTS=1000000` tries as many, at about 300 a second. */
const { P2PSHARE_MANIFESTS: wanted = '2000' } = process.env;
const MANIFESTS = Number(wanted);
const PER_FOLDER = 200;
const CHUNK = 1024;

/** Names of the rows of bad input for paths and collisions, and such as are harmless, often. */
const NAMES = [
  ...['..', '.', '', '/', '\\', '~', '-rf', 'a/../x', '/etc/x', 'C:\\x', 'x:ads', 'CON', 'nul.txt'],
  ...[
    'x.',
    'x ',
    '.ssh',
    '.SSH',
    '\uff0e\uff0e',
    'e\u0301',
    '\u00e9',
    '\u00df',
    'SS',
    'a\0b',
    '\u202e',
  ],
  ...['__proto__', 'constructor', '.p2pshare-x', 'old.part', '\ufffd', 'x'.repeat(256)],
  ...['A', 'old', 'OLD', 'link', 'dangling'],
  ...Array.from({ length: 12 }, () => ['a', 'b', 'c', 'x', 'folder', 'deep']).flat(),
];
const TARGETS = [
  ...[
    'x',
    '../x',
    '../../x',
    '../../../precious',
    '/etc/passwd',
    'a/../../x',
    '.',
    '..',
    '',
    'a/b',
  ],
  ...['../folder/x', 'x\0y', '\u202ex', './a', '../a/b', 'nul', 'C:/x'],
];
const POLICIES: readonly OnConflict[] = ['fail', 'skip', 'rename'];

let base: string;
let inbox: string;
let hasher: Hasher;

beforeEach(async () => {
  hasher = await createHasher();
  base = await mkdtemp(join(tmpdir(), 'p2pshare-trees-'));
  inbox = join(base, 'inbox');
});

afterEach(async () => {
  await rm(base, { recursive: true, force: true });
});

describe('whatever tree a sender makes up', () => {
  const seeds = seedsFor(Math.ceil(MANIFESTS / PER_FOLDER));

  it(
    `stays in the folder and replaces nothing (seeds ${seeds[0]} to ${seeds.at(-1)})`,
    { timeout: 60_000 + MANIFESTS * 20 },
    () => tryAll(seeds, tryFolder),
  );
});

/** Receives many trees into one folder, which is looked at as a whole in the end. */
async function tryFolder(seed: number): Promise<void> {
  const random = new SeededRandom(seed);
  await plantPrecious(base, inbox);
  await mkdir(join(inbox, 'a'));
  await writeFile(join(base, 'x'), 'precious');
  await symlink(base, join(inbox, 'a', 'b'));
  const before = await walkInodes(base);
  let accepted = 0;
  for (let i = 0; i < PER_FOLDER; i += 1) {
    const offer = judged(madeUp(random));
    if (offer === undefined) continue;
    const onConflict = POLICIES[random.integer(POLICIES.length)] ?? 'fail';
    if (await receive(offer, onConflict)) accepted += 1;
  }
  expect(accepted).toBeGreaterThan(PER_FOLDER / 20);
  const after = await walkInodes(base);
  for (const [path, was] of before) expect(after.get(path), path).toBe(was);
  for (const path of after.keys()) {
    if (!before.has(path)) expect(path.startsWith(`${inbox}/`), path).toBe(true);
  }
  await rm(base, { recursive: true });
}

/** An offer as a hostile sender writes it. */
function madeUp(random: SeededRandom): Uint8Array {
  const count = 1 + random.integer(4);
  const kinds = [...Object.values(EntryKind), EntryKind.file, EntryKind.folder, EntryKind.link];
  const entries: Uint8Array[] = [];
  let total = 0;
  const top = pick(random, NAMES);
  for (let i = 0; i < count; i += 1) {
    const kind = kinds[random.integer(kinds.length)] ?? EntryKind.file;
    const entry = new ByteWriter(4096);
    entry.uint8(kind);
    entry.varint(random.integer(0o10000));
    entry.varint(random.integer(2 ** 40));
    const below = Array.from({ length: random.integer(4) }, () => pick(random, NAMES));
    const path = [random.chance(0.8) ? top : pick(random, NAMES), ...below];
    entry.varint(path.length);
    for (const name of path) entry.prefixed(Buffer.from(name));
    if (kind === EntryKind.file || kind === EntryKind.text) {
      const size = random.integer(3) * 500;
      total += size;
      entry.varint(size);
      entry.uint64(1n);
    } else if (kind === EntryKind.link) entry.prefixed(Buffer.from(pick(random, TARGETS)));
    entries.push(entry.finish());
  }
  const page = new ByteWriter(65_536);
  for (const byte of [1, 1, 10]) page.uint8(byte);
  for (const number of [count, total, total, count]) page.varint(number);
  for (const entry of entries) page.prefixed(entry);
  return page.finish();
}

function pick(random: SeededRandom, texts: readonly string[]): string {
  return texts[random.integer(texts.length)] ?? '';
}

/** What a receiver makes of an offer, if it does not refuse it. */
function judged(page: Uint8Array): Offer | undefined {
  const receiver = new TransferReceiver({ hasher });
  receiver.handleRecord(message(0, page));
  const event = receiver.pollEvent();
  return event?.kind === 'offer' ? event.offer : undefined;
}

/** Whether something was written. */
async function receive({ entries }: Offer, onConflict: OnConflict): Promise<boolean> {
  const target = { directory: inbox };
  const options = { target, entries, onConflict, chunkBytes: CHUNK, id: 'test', hasher };
  let sink: Awaited<ReturnType<typeof openSink>> | undefined;
  try {
    sink = await openSink(options);
    for (const [index, entry] of entries.entries()) await write(sink, index, entry);
    await sink.settle([]);
    await sink.publish();
    return true;
  } catch (error) {
    expect(error).toMatchObject({ code: 'P2P_TARGET_EXISTS' });
    await sink?.discard();
    return false;
  }
}

async function write(
  sink: Awaited<ReturnType<typeof openSink>>,
  index: number,
  { size, kind }: Entry,
): Promise<void> {
  const { skipped } = sink.holdings;
  if (skipped.some(({ first, count }) => index >= first && index < first + count)) return;
  const length = kind === 'stream' ? 700 : size;
  if (length > 0) await sink.write(index, 0, [new Uint8Array(length).fill(7)], [0n]);
}
