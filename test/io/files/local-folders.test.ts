import { randomUUID } from 'node:crypto';
import { type FileHandle, mkdir, mkdtemp, open, rm } from 'node:fs/promises';
import { expect, it } from 'vitest';
import { FileRoot } from '../../../src/io/files/file-root.ts';
import { isLocal, noteSame } from '../../../src/io/files/local-folders.ts';

it('takes no file system for one of this machine that it does not know, or that is not there', async () => {
  expect(await isLocal('/proc')).toBe(false);
  expect(await isLocal('/no/such/folder')).toBe(false);
});

it.skipIf(process.platform !== 'linux')('knows the file system in memory', async () => {
  expect(await isLocal('/dev/shm')).toBe(true);
});

it.skipIf(process.platform !== 'linux')('asks once for all files of a folder', async () => {
  const folder = await mkdtemp('/dev/shm/p2pshare-test-');
  try {
    const asked = Array.from({ length: 5 }, () => isLocal(folder));
    expect(new Set(asked).size).toBe(1);
    expect(await Promise.all(asked)).toEqual(Array(5).fill(true));
  } finally {
    await rm(folder, { recursive: true });
  }
});

it.skipIf(process.platform !== 'linux')('asks again where there was no folder yet', async () => {
  const folder = `/dev/shm/p2pshare-test-${randomUUID()}`;
  expect(await isLocal(folder)).toBe(false);
  await mkdir(folder);
  try {
    expect(await isLocal(folder)).toBe(true);
  } finally {
    await rm(folder, { recursive: true });
  }
});

it.skipIf(process.platform !== 'linux')(
  'forgets a folder that was reached by a number',
  async () => {
    const folder = await mkdtemp('/dev/shm/p2pshare-test-');
    const others: FileHandle[] = [];
    try {
      const root = await FileRoot.open(folder, true);
      const { path, fd } = root;
      expect(await isLocal(path)).toBe(true);
      await root.files.makeFolder(root.at('made'));
      await root.close();
      // Soon the number is another folder's.
      while (others.at(-1)?.fd !== fd && others.length < 100) others.push(await open('/proc'));
      expect(others.at(-1)?.fd).toBe(fd);
      expect(await isLocal(path)).toBe(false);
      expect(await isLocal(`${path}/made`)).toBe(false);
    } finally {
      for (const other of others) await other.close();
      await rm(folder, { recursive: true });
    }
  },
);

it('takes the word for it that a folder is on the file system of the one above it', () => {
  const above = `/no/such/${randomUUID()}`;
  noteSame(`${above}/folder`);
  expect(isLocal(`${above}/folder`)).toBe(isLocal(above));
});
