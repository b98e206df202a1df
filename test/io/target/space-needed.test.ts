import { mkdtemp, rm, utimes, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { createHasher } from '../../../src/crypto/xxhash.ts';
import { type FileSystem, NODE_FILE_SYSTEM } from '../../../src/io/files/file-system.ts';
import { openSink } from '../../../src/io/target/tree-sink.ts';
import type { Hasher } from '../../../src/protocol/ports.ts';
import { TREE_TIME_MS, treeOffer } from '../../support/tree-offer.ts';

const BYTES = new Uint8Array(2000).fill(1);

/** One of which 1,000 bytes are free, and 950 may be used. */
const small: FileSystem = {
  ...NODE_FILE_SYSTEM,
  space: async () => ({ availableBytes: 1000n, blocks: 1000n }),
};

let hasher: Hasher;
beforeAll(async () => {
  hasher = await createHasher();
});

describe('a disk that has less room than an offer is long', () => {
  let directory: string;
  const at = (name: string): string => join(directory, name);
  beforeEach(async () => {
    directory = await mkdtemp(join(tmpdir(), 'p2pshare-space-'));
    await writeFile(at('large'), BYTES);
    await utimes(at('large'), TREE_TIME_MS / 1000, TREE_TIME_MS / 1000);
  });
  afterEach(() => rm(directory, { recursive: true }));

  it('is large enough where most of it is there already', async () => {
    await open({ small: 950 });
  });

  it('has to have room for what is not', async () => {
    const opened = open({ small: 951 });
    await expect(opened).rejects.toMatchObject({ space: { neededBytes: 951, freeBytes: 950 } });
  });

  it('has to have room for what is there in another version', async () => {
    await utimes(at('large'), 1, 1);
    await expect(open({ small: 1 })).rejects.toMatchObject({ space: { neededBytes: 2001 } });
  });

  async function open(others: Readonly<Record<string, number>>): Promise<void> {
    const more = Object.entries(others).map(([name, size]) => [name, new Uint8Array(size)]);
    const { entries } = treeOffer({ large: BYTES, ...Object.fromEntries(more) });
    const options = {
      target: { directory },
      entries,
      onConflict: 'overwrite',
      id: 'test',
    } as const;
    const sink = await openSink({ ...options, chunkBytes: 512, hasher, files: small });
    await sink.discard();
  }
});
