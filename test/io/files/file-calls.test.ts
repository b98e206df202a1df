import { constants } from 'node:fs';
import { mkdtemp, readdir, readFile, rm, stat, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { removeFile, takeFile } from '../../../src/io/files/file-calls.ts';
import { NODE_FILE_SYSTEM, putInSteps } from '../../../src/io/files/file-system.ts';
import { Haste } from '../../../src/io/files/haste.ts';

/** A file system of which each call takes so many milliseconds, by a clock of its own. */
function world() {
  let now = 0;
  let turns = 0;
  const nextTurn = async () => {
    turns += 1;
  };
  const haste = new Haste(() => now, nextTurn);
  const inPlace = (ms: number) => () => {
    now += ms;
    return 'in place';
  };
  return {
    call: (ms: number) => haste.call(inPlace(ms), async () => 'elsewhere'),
    pass: (ms: number) => {
      now += ms;
    },
    turns: () => turns,
  };
}

// What did not go in place went step by step, and each of the steps in place: nothing else ran for seconds.
it('makes quick calls in place, but lets others have their turn', async () => {
  const { call, turns } = world();
  for (let i = 0; i < 1000; i += 1) expect(await call(0.1)).toBe('in place');
  expect(turns()).toBe(6);
});

it('gives way once for all who want to go on', async () => {
  const { call, turns } = world();
  await call(100);
  await Promise.all(Array.from({ length: 8 }, () => call(0.1)));
  expect(turns()).toBe(1);
});

it('leaves a file system that is slow to threads, and tries again later', async () => {
  const { call, pass } = world();
  const where: string[] = [];
  for (let i = 0; i < 40; i += 1) where.push(await call(5));
  expect(where.indexOf('elsewhere')).toBe(6);
  expect(where.lastIndexOf('in place')).toBe(5);
  pass(1000);
  expect(await call(0.01)).toBe('in place');
});

it('does not take one late call for a slow file system', async () => {
  const { call } = world();
  await call(5);
  await call(0.01);
  for (let i = 0; i < 10; i += 1) expect(await call(0.01)).toBe('in place');
});

describe('a small file in one piece', () => {
  let folder: string;
  beforeEach(async () => {
    folder = await mkdtemp(join(tmpdir(), 'p2pshare-calls-'));
  });
  afterEach(() => rm(folder, { recursive: true }));

  const bytes = Uint8Array.from({ length: 5000 }, (_, i) => i);
  const FILE = { bytes, mode: 0o640, isUnmasked: true, modified: 1_000_000_000 };

  it('is made with all that it has', async () => {
    const path = join(folder, 'file');
    await NODE_FILE_SYSTEM.putFile(path, FILE);
    expect(new Uint8Array(await readFile(path))).toEqual(bytes);
    const { mode, mtimeMs } = await stat(path);
    expect(mtimeMs).toBe(1e12);
    if (process.platform !== 'win32') expect(mode & 0o777).toBe(0o640);
  });

  it.skipIf(process.platform === 'win32')('has a mode that the umask would not leave', async () => {
    const path = join(folder, 'file');
    const mode = 0o600 | (process.umask() & 0o022);
    await NODE_FILE_SYSTEM.putFile(path, { ...FILE, mode, isUnmasked: false });
    expect((await stat(path)).mode & 0o777).toBe(mode);
  });

  it('is the same step by step, where calls are not made in place', async () => {
    const path = join(folder, 'file');
    await putInSteps(NODE_FILE_SYSTEM, path, FILE);
    expect(new Uint8Array(await readFile(path))).toEqual(bytes);
    expect((await stat(path)).mtimeMs).toBe(1e12);
  });

  it('replaces nothing, and follows no link', async () => {
    const [there, link] = [join(folder, 'there'), join(folder, 'link')];
    await writeFile(there, 'mine');
    await symlink(join(folder, 'away'), link);
    for (const path of [there, link]) {
      await expect(NODE_FILE_SYSTEM.putFile(path, FILE)).rejects.toThrow('EEXIST');
    }
    expect(await readFile(there, 'utf8')).toBe('mine');
    expect(await readdir(folder)).toEqual(['link', 'there']);
  });

  it.each([5000, Number.POSITIVE_INFINITY])('is removed, of %d bytes', async (size) => {
    const path = join(folder, 'file');
    await writeFile(path, bytes);
    await removeFile(path, size);
    await expect(removeFile(path, size)).rejects.toMatchObject({ code: 'ENOENT' });
  });

  it('is read to its end, and looked at behind it', async () => {
    const path = join(folder, 'file');
    await writeFile(path, bytes);
    const into = new Uint8Array(6000);
    const { length, stats } = await takeFile(path, constants.O_RDONLY, into);
    expect(length).toBe(5000);
    expect(stats.size).toBe(5000n);
    expect(into.subarray(0, length)).toEqual(bytes);
  });
});

it('passes on what either throws', async () => {
  const haste = new Haste();
  const fail = () => {
    throw new Error('no such file');
  };
  await expect(haste.call(fail, async () => 1)).rejects.toThrow('no such file');
});
