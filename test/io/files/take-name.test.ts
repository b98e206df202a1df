import { mkdir, mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { type FileSystem, NODE_FILE_SYSTEM } from '../../../src/io/files/file-system.ts';
import { takeName, takeNameByPlaceholder } from '../../../src/io/files/take-name.ts';

let directory: string;
const at = (name: string): string => join(directory, name);

beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), 'p2pshare-name-'));
});

afterEach(async () => {
  await rm(directory, { recursive: true, force: true });
});

it('is not taken from somebody who gives it back at that moment', async () => {
  await writeFile(at('staged'), 'ours');
  await writeFile(at('final'), 'theirs');
  const files: FileSystem = {
    ...NODE_FILE_SYSTEM,
    link: async (existing, path) => {
      await NODE_FILE_SYSTEM.link(existing, path).finally(() => rm(path));
    },
  };
  expect(await takeName(files, at('staged'), at('final'))).toBe(false);
});

describe('a name for a file without hard links', () => {
  it('moves the file over a placeholder of its own', async () => {
    await writeFile(at('staged'), 'content');
    expect(await takeNameByPlaceholder(NODE_FILE_SYSTEM, at('staged'), at('final'))).toBe(true);
    expect(await readFile(at('final'), 'utf8')).toBe('content');
    expect(await readdir(directory)).toEqual(['final']);
  });

  it('replaces nothing', async () => {
    await writeFile(at('staged'), 'ours');
    await writeFile(at('final'), 'theirs');
    await mkdir(at('folder'));
    expect(await takeNameByPlaceholder(NODE_FILE_SYSTEM, at('staged'), at('final'))).toBe(false);
    expect(await takeNameByPlaceholder(NODE_FILE_SYSTEM, at('staged'), at('folder'))).toBe(false);
    expect(await readFile(at('final'), 'utf8')).toBe('theirs');
  });

  it('takes its placeholder away when the move fails', async () => {
    await expect(
      takeNameByPlaceholder(NODE_FILE_SYSTEM, at('missing'), at('final')),
    ).rejects.toThrow('ENOENT');
    expect(await readdir(directory)).toEqual([]);
  });
});
