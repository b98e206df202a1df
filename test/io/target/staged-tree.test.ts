import { mkdtemp, readFile, rm, stat } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { FileRoot } from '../../../src/io/files/file-root.ts';
import { type FileSystem, NODE_FILE_SYSTEM } from '../../../src/io/files/file-system.ts';
import { StagedTree } from '../../../src/io/target/staged-tree.ts';
import { openStaging, TREE } from '../../../src/io/target/staging-folder.ts';
import { treeOffer } from '../../support/tree-offer.ts';

const FILES = 20;
const BYTES = 100_000;
const OLDEST = 4;

let directory: string;
let root: FileRoot;
let staging: FileRoot;
/** Paths of the files that were opened again, in order. */
let opened: string[];

beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), 'p2pshare-staged-'));
  opened = [];
  const files: FileSystem = {
    ...NODE_FILE_SYSTEM,
    openFile: async (path) => {
      const file = await NODE_FILE_SYSTEM.openFile(path);
      opened.push(path);
      return file;
    },
  };
  root = await FileRoot.open(directory, true, files);
  staging = await openStaging(root, 'test');
});

afterEach(async () => {
  await staging.close();
  await root.close();
  await rm(directory, { recursive: true, force: true });
});

describe('more files than are kept open', () => {
  it('lose nothing that is written while a sync keeps one from being closed', async () => {
    const names = Array.from({ length: FILES }, (_, i) => `f${i}`);
    const content = Object.fromEntries(names.map((name) => [name, new Uint8Array(2 * BYTES)]));
    const { entries } = treeOffer(content);
    let isDurable = (): void => undefined;
    const syncAll = () => new Promise<void>((resolve) => (isDurable = resolve));
    const tree = new StagedTree(staging, { entries, preserve: false, syncAll });
    const zeros = new Uint8Array(BYTES / 2);
    for (let i = 0; i < FILES; i += 1) await tree.write(i, 0, [zeros]);
    const { durable } = await tree.beginSync();
    // It ends in a hole again, and is the one that was used longest ago.
    await tree.write(OLDEST, BYTES / 2, [zeros]);
    for (let i = OLDEST + 1; i < FILES; i += 1) await tree.write(i, BYTES / 2, [zeros]);
    const closing = tree.write(0, BYTES / 2, [zeros]);
    await vi.waitFor(() => expect(opened.at(-1)).toMatch(/f0$/));
    for (let turn = 0; turn < 5; turn += 1) await new Promise(setImmediate);
    const more = tree.write(OLDEST, BYTES, [new Uint8Array(BYTES).fill(7)]);
    // Whether it waits for the sync or not, it must not be cut off.
    await Promise.race([more, vi.waitFor(() => expect(opened.at(-1)).toMatch(/f4$/))]).catch(
      () => undefined,
    );
    isDurable();
    await Promise.all([durable, closing, more]);
    await tree.close();
    const path = join(staging.path, TREE, `f${OLDEST}`);
    expect((await stat(path)).size).toBe(2 * BYTES);
    expect((await readFile(path)).at(-1)).toBe(7);
  });
});
