import {
  appendFile,
  lstat,
  mkdir,
  mkdtemp,
  open as openFile,
  readdir,
  readFile,
  readlink,
  rm,
  stat,
  symlink,
  truncate,
  utimes,
  writeFile,
} from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { createHasher } from '../../../src/crypto/xxhash.ts';
import type { Published } from '../../../src/io/target/tree-publish.ts';
import { openSink, type SinkOptions, type TreeSink } from '../../../src/io/target/tree-sink.ts';
import type { Hasher } from '../../../src/protocol/ports.ts';
import { SeededRandom } from '../../support/seeded-random.ts';
import { chunksOf, TREE_TIME_MS, type TreeOffer, treeOffer } from '../../support/tree-offer.ts';

const CHUNK = 1024;
const random = new SeededRandom(3);
const BIG = random.bytes(10_000);
const staged = (path: string) => at(join('.p2pshare-test', path));
const text = (content: string): Uint8Array => new TextEncoder().encode(content);

const OFFER = treeOffer({
  top: null,
  'top/big': BIG,
  'top/sub': null,
  'top/sub/a': text('new a'),
  'top/sub/b': text('new b'),
  'top/sub/link': '../big',
});

let directory: string;
let hasher: Hasher;
let sink: TreeSink | undefined;
const at = (name: string): string => join(directory, name);

beforeEach(async () => {
  hasher = await createHasher();
  directory = await mkdtemp(join(tmpdir(), 'p2pshare-tree-'));
});

afterEach(async () => {
  await sink?.close();
  sink = undefined;
  await rm(directory, { recursive: true, force: true });
});

async function open(
  { entries }: TreeOffer = OFFER,
  more: Partial<SinkOptions> = {},
): Promise<TreeSink> {
  const options = { target: { directory }, entries, chunkBytes: CHUNK, id: 'test', hasher };
  const opened = await openSink({ ...options, onConflict: 'fail', ...more });
  sink = opened;
  return opened;
}

/** Writes what is still to come, at most so many chunks; yields how many. */
async function fill(tree: TreeSink, offer = OFFER, most = Number.POSITIVE_INFINITY) {
  let count = 0;
  const { holdings } = tree;
  for (const { entry, offset, bytes, sum } of chunksOf(offer, {
    chunkBytes: CHUNK,
    holdings,
    hasher,
  })) {
    if (count >= most) break;
    await tree.write(entry, offset, [bytes], [sum]);
    count += 1;
  }
  return count;
}

async function finish(tree: TreeSink): Promise<Published[]> {
  await tree.settle([]);
  return await tree.publish();
}

/** Receives all of an offer. */
async function receive(offer = OFFER, more: Partial<SinkOptions> = {}): Promise<Published[]> {
  const tree = await open(offer, more);
  await fill(tree, offer);
  return await finish(tree);
}

async function plant(path: string, content: string): Promise<void> {
  await mkdir(dirname(at(path)), { recursive: true });
  await writeFile(at(path), content);
}

describe('a tree', () => {
  it('appears as a whole, with its times, links and empty folders', async () => {
    const offer = treeOffer({ ...{ top: null, 'top/void': null, 'top/nothing': text('') } });
    expect(await receive(offer)).toEqual([{ offered: 'top', name: 'top', status: 'written' }]);
    expect((await readdir(at('top'))).sort()).toEqual(['nothing', 'void']);
    await rm(at('top'), { recursive: true });
    await receive();
    expect(await readdir(directory)).toEqual(['top']);
    expect(await readFile(at('top/big'))).toEqual(Buffer.from(BIG));
    expect(await readlink(at('top/sub/link'))).toBe('../big');
    for (const path of ['top', 'top/sub', 'top/sub/a']) {
      expect(Math.floor((await stat(at(path))).mtimeMs), path).toBe(TREE_TIME_MS);
    }
  });

  it('may be as deep as a path may be long (F23)', async () => {
    const path = Array.from({ length: 63 }, (_, i) => `d${i}`).join('/');
    await receive(treeOffer({ [`${path}/file`]: text('deep') }));
    expect(await readFile(at(`${path}/file`), 'utf8')).toBe('deep');
  });

  it('may have another name at its top, if the receiver says so', async () => {
    expect(await receive(OFFER, { target: { file: at('mine') } })).toEqual([
      { offered: 'top', name: 'mine', status: 'written' },
    ]);
    expect(await readFile(at('mine/sub/a'), 'utf8')).toBe('new a');
  });

  it('takes over all permission bits only when it is told to', async () => {
    const { entries, bytes } = treeOffer({ top: null, 'top/secret': text('x') });
    const modes = entries.map((entry) => ({
      ...entry,
      mode: entry.kind === 'file' ? 0o400 : 0o500,
    }));
    await receive({ entries: modes, bytes });
    expect((await stat(at('top/secret'))).mode & 0o777).toBe(0o666 & ~process.umask());
    await rm(at('top'), { recursive: true });
    await receive({ entries: modes, bytes }, { preserve: true });
    expect((await stat(at('top/secret'))).mode & 0o777).toBe(0o400);
    // So that it can be moved, and merged into another time.
    expect((await stat(at('top'))).mode & 0o777).toBe(0o700);
  });
});

describe('a tree that meets another', () => {
  beforeEach(async () => {
    await plant('top/sub/a', 'old a');
    await plant('top/sub/mine', 'mine');
  });

  it('is refused with fail, before any data', async () => {
    await expect(open()).rejects.toMatchObject({ code: 'P2P_TARGET_EXISTS' });
    expect(await readdir(directory)).toEqual(['top']);
  });

  it('leaves what is there with skip, and does not ask for it', async () => {
    const tree = await open(OFFER, { onConflict: 'skip' });
    expect(tree.holdings.skipped).toEqual([{ first: 3, count: 1 }]);
    await fill(tree);
    expect(await finish(tree)).toEqual([{ offered: 'top', name: 'top', status: 'merged' }]);
    expect(await contentOf('top/sub')).toEqual({ a: 'old a', b: 'new b', mine: 'mine' });
  });

  it('replaces file by file with overwrite', async () => {
    await receive(OFFER, { onConflict: 'overwrite' });
    expect(await contentOf('top/sub')).toEqual({ a: 'new a', b: 'new b', mine: 'mine' });
  });

  it('numbers file by file with rename', async () => {
    await receive(OFFER, { onConflict: 'rename' });
    const all = { a: 'old a', 'a (1)': 'new a', b: 'new b', mine: 'mine' };
    expect(await contentOf('top/sub')).toEqual(all);
  });

  it('does not go through a link in the place of a folder', async () => {
    await rm(at('top/sub'), { recursive: true });
    await mkdir(at('elsewhere'));
    await symlink(at('elsewhere'), at('top/sub'));
    await expect(open(OFFER, { onConflict: 'overwrite' })).rejects.toMatchObject({
      code: 'P2P_TARGET_EXISTS',
    });
    await receive(OFFER, { onConflict: 'rename' });
    expect(await readdir(at('elsewhere'))).toEqual([]);
    expect(await readFile(at('top/sub (1)/a'), 'utf8')).toBe('new a');
  });

  it.each(['skip', 'rename', 'overwrite'] as const)(
    'replaces no folder by a file and no file by a folder with %s',
    async (onConflict) => {
      await rm(at('top'), { recursive: true });
      await plant('top/big/keep', 'keep');
      await plant('top/sub', 'a file');
      await receive(OFFER, { onConflict }).catch((error: unknown) => {
        expect(error).toMatchObject({ code: 'P2P_TARGET_EXISTS' });
      });
      expect(await readFile(at('top/big/keep'), 'utf8')).toBe('keep');
      expect(await readFile(at('top/sub'), 'utf8')).toBe('a file');
    },
  );

  async function contentOf(folder: string): Promise<Record<string, string>> {
    const content: Record<string, string> = {};
    for (const name of await readdir(at(folder))) {
      const path = join(at(folder), name);
      if ((await lstat(path)).isFile()) content[name] = await readFile(path, 'utf8');
    }
    return content;
  }
});

describe('a tree that goes on', () => {
  const all = 12;

  it('asks only for what has not come', async () => {
    await fill(await open(), OFFER, 5);
    await sink?.close();
    const tree = await open();
    expect([...tree.holdings.have]).toEqual([{ entry: 1, first: 0, count: 5 }]);
    expect(await fill(tree)).toBe(all - 5);
    await finish(tree);
    expect(await readFile(at('top/big'))).toEqual(Buffer.from(BIG));
  });

  it('drops what belongs to another version of a file, and keeps the others', async () => {
    await fill(await open());
    await sink?.close();
    const [, big, ...others] = OFFER.entries;
    const changed = { ...big, version: 9n } as typeof big;
    const offer = { ...OFFER, entries: [OFFER.entries[0], changed, ...others] } as TreeOffer;
    const tree = await open(offer);
    expect(await fill(tree, offer)).toBe(10);
    await finish(tree);
    expect(await readFile(at('top/sub/b'), 'utf8')).toBe('new b');
  });

  it('publishes nothing that is offered no more', async () => {
    await fill(await open());
    await sink?.close();
    const offer = treeOffer({ top: null, 'top/big': BIG });
    const tree = await open(offer);
    expect(await fill(tree, offer)).toBe(0);
    await finish(tree);
    expect(await readdir(at('top'))).toEqual(['big']);
  });

  it.each<[string, () => Promise<void>, number]>([
    ['a byte is another', () => flip(staged('tree/top/big'), 5000), 1],
    ['a byte of the last chunk is another', () => flip(staged('tree/top/big'), 9999), 1],
    ['a file is longer', () => appendFile(staged('tree/top/big'), 'more'), 0],
    ['a file is shorter', () => truncate(staged('tree/top/big'), 9000), 10],
    ['a file is gone', () => rm(staged('tree/top/big')), 10],
    ['a file is a link', () => replaceByLink(staged('tree/top/big')), 10],
    ['the journal is cut', () => truncate(staged('journal'), 90), all],
    ['the journal is something else', () => writeFile(staged('journal'), 'rubbish'), all],
    ['the journal is a link', () => replaceByLink(staged('journal')), all],
    ['the journal is gone', () => rm(staged('journal')), all],
  ])('is whole where %s', async (_, change, expected) => {
    await fill(await open());
    await sink?.close();
    await change();
    const tree = await open();
    expect(await fill(tree)).toBe(expected);
    await finish(tree);
    expect(await readFile(at('top/big'))).toEqual(Buffer.from(BIG));
    expect(await readFile(at('top/sub/a'), 'utf8')).toBe('new a');
  });
});

describe('a tree of which more was written than was noted', () => {
  it('has zeros where they belong', async () => {
    const zeros = treeOffer({ file: new Uint8Array(100_000) });
    const tree = await open(zeros, { chunkBytes: 100_000 });
    await tree.close();
    await writeFile(staged('tree/file'), Buffer.alloc(100_000, 7));
    const again = await open(zeros, { chunkBytes: 100_000 });
    await again.write(0, 0, [new Uint8Array(100_000)], [0n]);
    await finish(again);
    expect(await readFile(at('file'))).toEqual(Buffer.alloc(100_000));
  });
});

async function flip(path: string, offset: number): Promise<void> {
  const { atime, mtime } = await stat(path);
  const handle = await openFile(path, 'r+');
  await handle.write(Uint8Array.of(~(BIG[offset] ?? 0) & 0xff), 0, 1, offset);
  await handle.close();
  await utimes(path, atime, mtime);
}

async function replaceByLink(path: string): Promise<void> {
  await rm(path);
  await writeFile(at('outside'), BIG);
  await symlink(at('outside'), path);
}
