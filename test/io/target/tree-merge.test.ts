import { mkdir, mkdtemp, readdir, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { createHasher } from '../../../src/crypto/xxhash.ts';
import type { Published } from '../../../src/io/target/tree-publish.ts';
import { openSink, type TreeSink } from '../../../src/io/target/tree-sink.ts';
import type { Hasher } from '../../../src/protocol/ports.ts';
import { chunksOf, TREE_TIME_MS, type TreeOffer, treeOffer } from '../../support/tree-offer.ts';

const CHUNK = 512;
const text = (content: string): Uint8Array => new TextEncoder().encode(content);
const HAS = { top: null, 'top/sub': null, 'top/sub/old': text('old') };

let hasher: Hasher;
beforeAll(async () => {
  hasher = await createHasher();
});

describe('a tree that is merged with one that is there', () => {
  let directory: string;
  const at = (path: string): string => join(directory, path);
  beforeEach(async () => {
    directory = await mkdtemp(join(tmpdir(), 'p2pshare-merge-'));
    await mkdir(at('top/sub'), { recursive: true });
    await writeFile(at('top/sub/old'), 'mine');
  });
  afterEach(() => rm(directory, { recursive: true }));

  it('makes no folders where nothing is new', async () => {
    const sink = await receive(treeOffer(HAS));
    await sink.settle([]);
    const tree = await readdir(at('.p2pshare-test/tree')).catch(() => []);
    expect(tree).toEqual([]);
    expect(await sink.publish()).toEqual([]);
    expect(await readdir(directory)).toEqual(['top']);
    expect(await readFile(at('top/sub/old'), 'utf8')).toBe('mine');
  });

  it('makes the folders that are new, with nothing in them', async () => {
    const sink = await receive(treeOffer({ ...HAS, 'top/sub/void': null }));
    expect(await finish(sink)).toEqual([{ offered: 'top', name: 'top', status: 'merged' }]);
    expect(await readdir(at('top/sub'))).toEqual(['old', 'void']);
    expect((await stat(at('top/sub/void'))).mtimeMs).toBeCloseTo(TREE_TIME_MS, 2);
  });

  it('has its own time where the other has gone meanwhile', async () => {
    const sink = await receive(treeOffer({ ...HAS, 'top/new': text('new') }));
    await rm(at('top'), { recursive: true });
    expect(await finish(sink)).toEqual([{ offered: 'top', name: 'top', status: 'written' }]);
    expect(await readFile(at('top/new'), 'utf8')).toBe('new');
    expect((await stat(at('top'))).mtimeMs).toBeCloseTo(TREE_TIME_MS, 2);
  });

  async function receive(offer: TreeOffer): Promise<TreeSink> {
    const { entries } = offer;
    const options = { target: { directory }, entries, onConflict: 'skip' } as const;
    const sink = await openSink({ ...options, id: 'test', chunkBytes: CHUNK, hasher });
    const { holdings } = sink;
    for (const part of chunksOf(offer, { chunkBytes: CHUNK, holdings, hasher })) {
      await sink.write(part.entry, part.offset, [part.bytes], [part.sum]);
    }
    return sink;
  }

  async function finish(sink: TreeSink): Promise<Published[]> {
    await sink.settle([]);
    return await sink.publish();
  }
});
