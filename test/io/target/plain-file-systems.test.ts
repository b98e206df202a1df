import { beforeAll, describe, expect, it } from 'vitest';
import { createHasher } from '../../../src/crypto/xxhash.ts';
import { openSink, type TreeSink } from '../../../src/io/target/tree-sink.ts';
import type { Hasher } from '../../../src/protocol/ports.ts';
import { MemoryFileSystem } from '../../support/memory-file-system.ts';
import type { Lacks } from '../../support/memory-node.ts';
import { chunksOf, treeOffer } from '../../support/tree-offer.ts';

const FOLDER = '/stick';
const CHUNK = 512;
const BIG = new Uint8Array(5000).fill(7);
const OFFER = treeOffer({
  top: null,
  'top/big': BIG,
  'top/link': 'big',
  'top/sub': null,
  file: BIG,
});

const NO_LINKS = { link: 'EPERM', symlink: 'EPERM' };
const NETWORK_DRIVE = {
  link: 'EOPNOTSUPP',
  symlink: 'EOPNOTSUPP',
  utimes: 'EPERM',
  syncFolder: 'EINVAL',
};

let hasher: Hasher;
beforeAll(async () => {
  hasher = await createHasher();
});

/** Mount points as systems make them, by what they lack. */
const PLAIN: readonly (readonly [string, Lacks, number])[] = [
  ['FAT, mounted for us', { mode: 0o755, calls: { ...NO_LINKS, chmod: 'EPERM' } }, 1],
  ['FAT, mounted for everybody', { mode: 0o777, owners: true, calls: NO_LINKS }, 1],
  [
    'FAT, where nothing renames only to a free name',
    { mode: 0o755, calls: { ...NO_LINKS, chmod: 'EPERM', renameNew: 'EINVAL' } },
    1,
  ],
  ['NTFS, as Windows Subsystem for Linux shows it', { mode: 0o777 }, 0],
  ['a FUSE file system of the simplest kind', { mode: 0o700, calls: { chmod: 'ENOSYS' } }, 0],
  ['a network drive', { mode: 0o755, owners: true, calls: NETWORK_DRIVE }, 1],
];

describe.each(PLAIN)('on %s', (_, lacks, omittedLinks) => {
  it.each([true, false])('all that it can hold arrives (one call to sync it: %j)', async (sync) => {
    const files = disk(lacks, sync);
    const sink = await open(files);
    await write(sink, Number.POSITIVE_INFINITY);
    expect(await sink.settle([])).toBe(omittedLinks);
    const published = await sink.publish();
    expect(published.map(({ name, status }) => [name, status])).toEqual([
      ['file', 'written'],
      ['top', 'written'],
    ]);
    expect(files.names(FOLDER)).toEqual(['file', 'top']);
    const link = omittedLinks === 0 ? ['link'] : [];
    expect(files.names(`${FOLDER}/top`)).toEqual(['big', ...link, 'sub']);
    for (const name of ['file', 'top/big']) expect(files.bytes(`${FOLDER}/${name}`)).toEqual(BIG);
    expect(files.openCount).toBe(0);
  });

  it('what had come is gone on with', async () => {
    const files = disk(lacks, false);
    const first = await open(files);
    await write(first, 6);
    await first.close();
    const second = await open(files);
    const held = [...second.holdings.have].reduce((sum, { count }) => sum + count, 0);
    expect(held).toBe(6);
    await second.discard();
    expect(files.names(FOLDER)).toEqual([]);
  });
});

describe('on FAT, whoever dies while names are given', () => {
  const lacks: Lacks = { mode: 0o755, calls: { ...NO_LINKS, chmod: 'EPERM' } };

  async function published(killedAt?: number): Promise<MemoryFileSystem> {
    const files = disk(lacks, true);
    const sink = await open(files);
    await write(sink, Number.POSITIVE_INFINITY);
    await sink.settle([]);
    files.calls.length = 0;
    if (killedAt !== undefined) files.fault = { call: killedAt, fault: 'kill' };
    await sink.publish().catch((error: unknown) => {
      if (killedAt === undefined) throw error;
    });
    return files;
  }

  it('leaves nothing under a final name that is not whole', async () => {
    const { length } = (await published()).calls;
    expect(length).toBeGreaterThan(4);
    for (let call = 1; call <= length; call += 1) {
      const files = await published(call);
      for (const name of files.names(FOLDER).filter((each) => !each.startsWith('.'))) {
        const path = name === 'file' ? `${FOLDER}/file` : `${FOLDER}/top/big`;
        expect(files.bytes(path)).toEqual(BIG);
      }
    }
  });
});

describe('on a file system that keeps permissions', () => {
  it.each<[string, Lacks]>([
    ['that is open to others', { mode: 0o755 }],
    ['of somebody else', { owners: true }],
  ])('a staging folder %s is not used', async (_, seems) => {
    const files = disk({}, false);
    files.plantFolder(`${FOLDER}/.p2pshare-test`);
    const stat = files.stat.bind(files);
    // Only this folder is: what is made in it is as it should be.
    files.stat = async (path) => {
      const { mode, isOwn, ...rest } = await stat(path);
      const isStaging = files.calls.includes('makeFolder');
      if (!isStaging) return { mode, isOwn, ...rest };
      return { ...rest, mode: seems.mode ?? mode, isOwn: seems.owners !== true };
    };
    await expect(open(files)).rejects.toMatchObject({ code: 'P2P_TARGET_UNWRITABLE' });
    expect(files.names(`${FOLDER}/.p2pshare-test`)).toEqual([]);
  });
});

function disk(lacks: Lacks, hasSyncAll: boolean): MemoryFileSystem {
  const files = new MemoryFileSystem({ hasSyncAll, lacks });
  files.plantFolder(FOLDER);
  return files;
}

async function open(files: MemoryFileSystem): Promise<TreeSink> {
  return await openSink({
    target: { directory: FOLDER },
    entries: OFFER.entries,
    onConflict: 'fail',
    id: 'test',
    chunkBytes: CHUNK,
    checkpointBytes: CHUNK,
    hasher,
    files,
  });
}

/** Writes at most so many of the chunks that are not there yet. */
async function write(sink: TreeSink, most: number): Promise<void> {
  const parts = chunksOf(OFFER, { chunkBytes: CHUNK, holdings: sink.holdings, hasher });
  for (const { entry, offset, bytes, sum } of [...parts].slice(0, most)) {
    await sink.write(entry, offset, [bytes], [sum]);
  }
}
