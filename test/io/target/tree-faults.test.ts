import { beforeAll, describe, expect, it } from 'vitest';
import { createHasher } from '../../../src/crypto/xxhash.ts';
import { FileRoot } from '../../../src/io/files/file-root.ts';
import type { OnConflict } from '../../../src/io/target/file-publish.ts';
import { loadJournal } from '../../../src/io/target/journal-file.ts';
import { offerKey } from '../../../src/io/target/offer-key.ts';
import { publishSettled } from '../../../src/io/target/publish-settled.ts';
import { findStaging } from '../../../src/io/target/staging-folder.ts';
import { openSink } from '../../../src/io/target/tree-sink.ts';
import type { Hasher } from '../../../src/protocol/ports.ts';
import { MemoryFileSystem } from '../../support/memory-file-system.ts';
import { isSame } from '../../support/same-bytes.ts';
import { SeededRandom } from '../../support/seeded-random.ts';
import { forEachSeed } from '../../support/seeds.ts';
import { chunksOf, treeOffer } from '../../support/tree-offer.ts';

const FOLDER = '/inbox';
const CHUNK = 512;
const random = new SeededRandom(7);
const BIG = random.bytes(5000);
/** Zeros at its end and in the middle, which become holes. */
const SPARSE = new Uint8Array(4 * CHUNK);
SPARSE.set(random.bytes(CHUNK), CHUNK);
const OLD = random.bytes(3000);

const OFFER = treeOffer({
  top: null,
  'top/big': BIG,
  'top/empty': new Uint8Array(0),
  'top/sub': null,
  'top/sub/small': Uint8Array.of(1, 2, 3),
  'top/sub/link': '../big',
  'top/sub/sparse': SPARSE,
  'top/void': null,
});
const TOTAL = BIG.length + SPARSE.length + 3;
const options = { id: 'test', chunkBytes: CHUNK, checkpointBytes: CHUNK };

let hasher: Hasher;
beforeAll(async () => {
  hasher = await createHasher();
});

/** What a receiver remembers outside of the folder. */
interface Memory {
  settled: string | undefined;
  /** `entry:chunk`, each time that it is sent. */
  sent: string[];
}

/** Receives as much as there is still to come, as `receive` does. */
async function receive(
  files: MemoryFileSystem,
  memory: Memory,
  onConflict: OnConflict,
): Promise<void> {
  const target = { directory: FOLDER };
  if (memory.settled === (await offerKey(OFFER.entries, hasher))) {
    await publishSettled({ target, onConflict, id: options.id, files });
    return;
  }
  const { entries } = OFFER;
  const sink = await openSink({ ...options, target, entries, onConflict, hasher, files });
  const { holdings } = sink;
  for (const part of chunksOf(OFFER, { chunkBytes: CHUNK, holdings, hasher })) {
    memory.sent.push(`${part.entry}:${part.chunk}`);
    await sink.write(part.entry, part.offset, [part.bytes], [part.sum]);
  }
  await sink.settle([]);
  memory.settled = await offerKey(entries, hasher);
  await sink.publish();
}

/** `merge`: with an older tree in the way. */
function disk(merge: boolean, hasSyncAll: boolean): MemoryFileSystem {
  const files = new MemoryFileSystem({ hasSyncAll });
  files.plantFolder(FOLDER);
  if (!merge) return files;
  files.plantFolder(`${FOLDER}/top`);
  files.plantFolder(`${FOLDER}/top/sub`);
  files.plantFile(`${FOLDER}/top/big`, OLD);
  files.plantFile(`${FOLDER}/top/sub/mine`, OLD);
  return files;
}

/** The rule: each final name means nothing, or what it meant before, or the whole new file. */
function expectNothingPartial(files: MemoryFileSystem, merge: boolean): void {
  const whole = [
    ['top/big', BIG, merge ? OLD : undefined],
    ['top/empty', new Uint8Array(0), undefined],
    ['top/sub/small', Uint8Array.of(1, 2, 3), undefined],
    ['top/sub/sparse', SPARSE, undefined],
  ] as const;
  for (const [path, fresh, before] of whole) {
    const bytes = read(files, path);
    const isWhole = [undefined, before, fresh].some((whole) => isSame(bytes, whole));
    expect(isWhole, path).toBe(true);
  }
  if (merge) expectBytes(files, 'top/sub/mine', OLD);
}

function expectComplete(files: MemoryFileSystem, merge: boolean): void {
  expect(files.names(FOLDER)).toEqual(['top']);
  expect(files.names(`${FOLDER}/top`)).toEqual(['big', 'empty', 'sub', 'void']);
  const mine = merge ? ['mine'] : [];
  expect(files.names(`${FOLDER}/top/sub`)).toEqual(['link', ...mine, 'small', 'sparse']);
  expectBytes(files, 'top/big', BIG);
  expectBytes(files, 'top/sub/sparse', SPARSE);
  expectBytes(files, 'top/sub/small', Uint8Array.of(1, 2, 3));
  expectBytes(files, 'top/empty', new Uint8Array(0));
  if (merge) expectBytes(files, 'top/sub/mine', OLD);
}

function expectBytes(files: MemoryFileSystem, path: string, expected: Uint8Array): void {
  expect(isSame(read(files, path), expected), path).toBe(true);
}

function read(files: MemoryFileSystem, path: string): Uint8Array | undefined {
  try {
    return files.bytes(`${FOLDER}/${path}`);
  } catch {
    return undefined;
  }
}

/** `entry:chunk` of all that the journal says is there. */
async function journaled(files: MemoryFileSystem): Promise<string[]> {
  const root = await FileRoot.open(FOLDER, true, files);
  const staging = await findStaging(root, options.id);
  const journal = staging && (await loadJournal(staging, hasher));
  await staging?.close();
  await root.close();
  return [...(journal?.runs ?? [])].flatMap(({ entry, first, sums }) =>
    sums.map((_, i) => `${entry}:${first + i}`),
  );
}

const fresh = (): Memory => ({ settled: undefined, sent: [] });

async function callCount(merge: boolean, hasSyncAll: boolean): Promise<number> {
  const files = disk(merge, hasSyncAll);
  const memory = fresh();
  await receive(files, memory, merge ? 'overwrite' : 'fail');
  expectComplete(files, merge);
  expect(files.openCount).toBe(0);
  return files.calls.length;
}

/** Goes on until it is done; what the journal held is not sent again, and the tree is whole. */
async function expectGoesOn(
  files: MemoryFileSystem,
  memory: Memory,
  merge: boolean,
): Promise<void> {
  expectNothingPartial(files, merge);
  const held = await journaled(files);
  memory.sent = [];
  await receive(files, memory, merge ? 'overwrite' : 'fail');
  expect(memory.sent.filter((chunk) => held.includes(chunk))).toEqual([]);
  expectComplete(files, merge);
}

const CASES = [
  ['a new tree', false, false],
  ['a new tree, with one call to sync it', false, true],
  ['a tree that is merged', true, false],
  ['a tree that is merged, with one call to sync it', true, true],
] as const;

describe.each(CASES)('%s', (_, merge, hasSyncAll) => {
  // F13: `kill -9` of the receiver; F14 and F16 are the same, seen from here.
  it('goes on when its receiver is killed at any call', async () => {
    const count = await callCount(merge, hasSyncAll);
    for (let call = 1; call <= count; call += 1) {
      const files = disk(merge, hasSyncAll);
      const memory = fresh();
      files.fault = { call, fault: 'kill' };
      await receive(files, memory, merge ? 'overwrite' : 'fail').catch(() => undefined);
      files.restart();
      await expectGoesOn(files, memory, merge);
    }
  });

  // F15: everything that was not synced may be gone.
  forEachSeed('goes on after a power loss, and another', 150, async (seed) => {
    const random = new SeededRandom(seed);
    const count = await callCount(merge, hasSyncAll);
    const files = disk(merge, hasSyncAll);
    const memory = fresh();
    for (let loss = 0; loss < 2; loss += 1) {
      files.fault = { call: 1 + random.integer(count), fault: 'kill' };
      await receive(files, memory, merge ? 'overwrite' : 'fail').catch(() => undefined);
      files.losePower(random);
      expectNothingPartial(files, merge);
    }
    await expectGoesOn(files, memory, merge);
  });

  // F17 and F18: the disk says no, and later it says yes.
  it.each(['ENOSPC', 'EDQUOT', 'EROFS', 'EIO'])('goes on after %s at any call', async (errno) => {
    const count = await callCount(merge, hasSyncAll);
    for (let call = 1; call <= count; call += 1) {
      const files = disk(merge, hasSyncAll);
      const memory = fresh();
      files.fault = { call, fault: errno };
      await receive(files, memory, merge ? 'overwrite' : 'fail').catch(() => undefined);
      files.restart();
      await expectGoesOn(files, memory, merge);
    }
  });
});

describe('what is not sent again', () => {
  it('is all but what came since the last note in the journal', async () => {
    const count = await callCount(false, false);
    let least = Number.POSITIVE_INFINITY;
    for (let call = 1; call <= count; call += 1) {
      const files = disk(false, false);
      const memory = fresh();
      files.fault = { call, fault: 'kill' };
      await receive(files, memory, 'fail').catch(() => undefined);
      files.restart();
      const before = memory.sent.length;
      memory.sent = [];
      await receive(files, memory, 'fail');
      const chunks = Math.ceil(TOTAL / CHUNK);
      // Those of a checkpoint under way, and those that may be written meanwhile.
      expect(before + memory.sent.length).toBeLessThanOrEqual(chunks + 12);
      least = Math.min(least, memory.sent.length);
    }
    expect(least).toBe(0);
  });
});
