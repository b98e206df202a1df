import { beforeAll, describe, expect, it } from 'vitest';
import { createHasher } from '../../../src/crypto/xxhash.ts';
import { openSink, type TreeSink } from '../../../src/io/target/tree-sink.ts';
import type { Hasher } from '../../../src/protocol/ports.ts';
import { MemoryFileSystem } from '../../support/memory-file-system.ts';
import { chunksOf, treeOffer } from '../../support/tree-offer.ts';

const FOLDER = '/inbox';
const CHUNK = 512;
const MINE = Uint8Array.of(1, 2, 3);
const OFFER = treeOffer({
  top: null,
  'top/big': new Uint8Array(2000).fill(7),
  'top/kept': new Uint8Array(700).fill(8),
  'top/sub': null,
  'top/sub/small': new Uint8Array(100).fill(9),
});
const [BIG, SMALL] = ['top/big', 'top/sub/small'].map((name) =>
  OFFER.entries.findIndex(({ path }) => path.join('/') === name),
) as [number, number];

let hasher: Hasher;
beforeAll(async () => {
  hasher = await createHasher();
});

describe('files that a sender leaves out after all', () => {
  it.each([true, false])(
    'are gone, whatever of them had come (one call to sync: %j)',
    async (sync) => {
      const files = new MemoryFileSystem({ hasSyncAll: sync });
      files.plantFolder(FOLDER);
      const sink = await open(files);
      // Of one nothing comes, of the other a part.
      await write(sink, (entry, chunk) => entry !== SMALL && !(entry === BIG && chunk > 1));
      await sink.settle([BIG, SMALL]);
      await sink.publish();
      expect(files.names(`${FOLDER}/top`)).toEqual(['kept', 'sub']);
      expect(files.names(`${FOLDER}/top/sub`)).toEqual([]);
      expect(files.names(FOLDER)).toEqual(['top']);
      expect(files.openCount).toBe(0);
    },
  );

  it('take nothing away that is there already', async () => {
    const files = new MemoryFileSystem();
    for (const folder of ['', '/top']) files.plantFolder(`${FOLDER}${folder}`);
    files.plantFile(`${FOLDER}/top/big`, MINE);
    const sink = await open(files);
    await write(sink, () => true);
    await sink.settle([BIG]);
    await sink.publish();
    expect(files.bytes(`${FOLDER}/top/big`)).toEqual(MINE);
    expect(files.names(`${FOLDER}/top/sub`)).toEqual(['small']);
  });
});

async function open(files: MemoryFileSystem): Promise<TreeSink> {
  const { entries } = OFFER;
  const options = { target: { directory: FOLDER }, entries, onConflict: 'overwrite' } as const;
  return await openSink({ ...options, id: 'test', chunkBytes: CHUNK, hasher, files });
}

async function write(
  sink: TreeSink,
  comes: (entry: number, chunk: number) => boolean,
): Promise<void> {
  const { holdings } = sink;
  for (const part of chunksOf(OFFER, { chunkBytes: CHUNK, holdings, hasher })) {
    if (!comes(part.entry, part.chunk)) continue;
    await sink.write(part.entry, part.offset, [part.bytes], [part.sum]);
  }
}
