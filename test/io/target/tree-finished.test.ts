import { chmod, mkdir, mkdtemp, readFile, rm, stat, utimes, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { createHasher } from '../../../src/crypto/xxhash.ts';
import type { OnConflict } from '../../../src/io/target/file-publish.ts';
import { openSink, type TreeSink } from '../../../src/io/target/tree-sink.ts';
import type { Hasher } from '../../../src/protocol/ports.ts';
import { chunksOf, TREE_TIME_MS, treeOffer } from '../../support/tree-offer.ts';

const CHUNK = 512;
const OFFER = treeOffer({
  top: null,
  'top/long': new Uint8Array(2000).fill(7),
  'top/small': new Uint8Array(100).fill(9),
});

let hasher: Hasher;
beforeAll(async () => {
  hasher = await createHasher();
});

describe('files that had come whole before', () => {
  let directory: string;
  const staged = (name: string) => join(directory, '.p2pshare-test', 'tree', 'top', name);
  const final = (name: string) => join(directory, 'top', name);

  beforeEach(async () => {
    directory = await mkdtemp(join(tmpdir(), 'p2pshare-finished-'));
    const sink = await open();
    const { holdings } = sink;
    for (const part of chunksOf(OFFER, { chunkBytes: CHUNK, holdings, hasher })) {
      await sink.write(part.entry, part.offset, [part.bytes], [part.sum]);
    }
    await sink.close();
  });
  afterEach(() => rm(directory, { recursive: true }));

  it('are left alone', async () => {
    const before = await Promise.all(['long', 'small'].map((name) => changed(staged(name))));
    await finish();
    const after = await Promise.all(['long', 'small'].map((name) => changed(final(name))));
    expect(after).toEqual(before);
  });

  it('are given the mode and the time that they lack', async () => {
    const { mode } = await stat(staged('small'));
    await chmod(staged('small'), 0o600);
    await utimes(staged('long'), 1, 1);
    await finish();
    expect((await stat(final('small'))).mode).toBe(mode);
    expect(Math.floor((await stat(final('long'))).mtimeMs)).toBe(TREE_TIME_MS);
  });

  it('take the place of no file that is as it should be, if they are not', async () => {
    const small = OFFER.entries.findIndex(({ path }) => path[1] === 'small');
    const bytes = new Uint8Array(100).fill(9);
    const { atime, mtime } = await stat(staged('small'));
    await writeFile(staged('small'), new Uint8Array(100));
    await utimes(staged('small'), atime, mtime);
    await mkdir(dirname(final('small')));
    await writeFile(final('small'), bytes);
    await utimes(final('small'), TREE_TIME_MS / 1000, TREE_TIME_MS / 1000);
    await finish('overwrite', async (sink) => {
      const [basis, ...others] = sink.holdings.bases;
      expect([basis?.entry, others]).toEqual([small, []]);
      const copies = [{ start: 0, length: 100, from: 0 }];
      const sum = hasher.xxh64(bytes);
      const nothing = { bytes: new Uint8Array(0), isCompressed: false };
      await sink.copy({ entry: small, offset: 0, length: 100, copies, sum, ...nothing });
    });
    expect(await readFile(final('small'))).toEqual(Buffer.from(bytes));
  });

  async function finish(
    onConflict?: OnConflict,
    meanwhile?: (sink: TreeSink) => Promise<void>,
  ): Promise<void> {
    const sink = await open(onConflict);
    await meanwhile?.(sink);
    await sink.settle([]);
    await sink.publish();
  }

  async function open(onConflict: OnConflict = 'fail'): Promise<TreeSink> {
    const { entries } = OFFER;
    const options = { target: { directory }, entries, onConflict };
    return await openSink({ ...options, id: 'test', chunkBytes: CHUNK, hasher });
  }
});

/** When anything about a file was changed. */
async function changed(path: string): Promise<bigint> {
  return (await stat(path, { bigint: true })).ctimeNs;
}
