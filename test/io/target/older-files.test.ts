import { appendFile, mkdtemp, rm, utimes, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { createHasher } from '../../../src/crypto/xxhash.ts';
import { FileRoot } from '../../../src/io/files/file-root.ts';
import { type FileSystem, NODE_FILE_SYSTEM } from '../../../src/io/files/file-system.ts';
import { OlderFiles } from '../../../src/io/target/older-files.ts';
import { surveyTarget } from '../../../src/io/target/target-survey.ts';
import type { Hasher } from '../../../src/protocol/ports.ts';
import type { ChunkWrite } from '../../../src/protocol/transfer/chunks/chunk-writes.ts';
import { fileEntry } from '../../protocol/transfer/transfer-pair.ts';
import { SeededRandom } from '../../support/seeded-random.ts';

const CHUNK_BYTES = 1024;
const BYTES = new SeededRandom(3).bytes(2500);
const TIME = new Date(1_600_000_000_000);

let hasher: Hasher;
let folder: string;
let root: FileRoot;
let opened: number;
const file = (): string => join(folder, 'file');

/** Counts how often a file is opened to be read. */
const counting: FileSystem = {
  ...NODE_FILE_SYSTEM,
  openForReading: (path) => {
    opened += 1;
    return NODE_FILE_SYSTEM.openForReading(path);
  },
  takeFile: (path, into) => {
    opened += 1;
    return NODE_FILE_SYSTEM.takeFile(path, into);
  },
};

beforeAll(async () => {
  hasher = await createHasher();
});
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'p2pshare-older-'));
  await writeFile(file(), BYTES);
  await utimes(file(), TIME, TIME);
  root = await FileRoot.open(folder, true, counting);
  opened = 0;
});
afterEach(async () => {
  await root.close();
  await rm(folder, { recursive: true });
});

/** What is at the place of an entry of that size and time; `meanwhile`: before it is read. */
async function older(
  meanwhile = async (): Promise<void> => undefined,
  size = BYTES.length,
): Promise<OlderFiles> {
  const entries = [{ ...fileEntry('file', size), mtimeMs: TIME.getTime() }];
  const { existing } = await surveyTarget(root, entries, 'overwrite', undefined);
  await meanwhile();
  const options = { entries, chunkBytes: CHUNK_BYTES, hasher, delta: false, topName: undefined };
  return await OlderFiles.read(root, existing, options);
}

/** A chunk of which the sender says that the receiver has all. */
function same(index: number): ChunkWrite {
  const start = index * CHUNK_BYTES;
  const bytes = BYTES.subarray(start, start + CHUNK_BYTES);
  const { length } = bytes;
  const copies = [{ start: 0, length, from: start }];
  const sum = hasher.xxh64(bytes);
  const nothing = new Uint8Array(0);
  return { entry: 0, offset: start, length, bytes: nothing, copies, isCompressed: false, sum };
}

describe('a file that is the same', () => {
  it('is read once, to be told', async () => {
    const files = await older();
    expect([...files.bases]).toMatchObject([{ entry: 0, blockLog: 0 }]);
    for (const index of [0, 1, 2]) expect(await files.take(same(index))).toBeUndefined();
    expect(files.isUnchanged(0)).toBe(true);
    expect(opened).toBe(1);
  });

  it('is read again if anybody has touched it since', async () => {
    const files = await older();
    await utimes(file(), new Date(), new Date());
    expect(await files.take(same(0))).toBeUndefined();
    expect(opened).toBe(2);
  });

  it('is not taken for what it was when it has been written to since', async () => {
    const files = await older();
    await writeFile(file(), new SeededRandom(4).bytes(2500));
    await expect(files.take(same(0))).rejects.toMatchObject({ code: 'P2P_INTEGRITY' });
  });

  it('is not told of when it has grown while it was looked at', async () => {
    const { bases } = await older(() => appendFile(file(), 'more'));
    expect([...bases]).toEqual([]);
  });

  it('is another one when it is long, and has grown while it was looked at', async () => {
    const bytes = new SeededRandom(5).bytes(100_000);
    await writeFile(file(), bytes);
    await utimes(file(), TIME, TIME);
    const [basis] = (await older(() => appendFile(file(), 'more'), bytes.length)).bases;
    const last = bytes.subarray(97 * CHUNK_BYTES);
    expect(basis?.strong).toHaveLength(98);
    expect(basis?.strong[0]).toBe(hasher.xxh64(bytes.subarray(0, CHUNK_BYTES)));
    expect(basis?.strong[97]).not.toBe(hasher.xxh64(last));
  });
});
