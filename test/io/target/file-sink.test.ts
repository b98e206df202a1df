import { execFileSync } from 'node:child_process';
import { constants } from 'node:fs';
import {
  lstat,
  mkdir,
  mkdtemp,
  readdir,
  readFile,
  rename,
  rm,
  stat,
  symlink,
  writeFile,
} from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it, onTestFinished, vi } from 'vitest';
import { NODE_FILE_SYSTEM, type OpenFolder } from '../../../src/io/files/file-system.ts';
import type { FileEntry } from '../../../src/protocol/transfer/entries/entry.ts';
import {
  type EntryName,
  parseEntryName,
} from '../../../src/protocol/transfer/entries/entry-name.ts';
import { type OneFileOptions, OneFileSink } from '../../support/one-file-sink.ts';

let directory: string;
let sink: OneFileSink | undefined;
const at = (name: string): string => join(directory, name);
const bytes = (text: string): Uint8Array => new TextEncoder().encode(text);

beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), 'p2pshare-sink-'));
});

afterEach(async () => {
  await sink?.discard();
  sink = undefined;
  await rm(directory, { recursive: true, force: true });
});

function entryOf(name: string, size: number, more: Partial<FileEntry> = {}): FileEntry {
  const path = [parseEntryName(name) as EntryName];
  return {
    kind: 'file',
    path,
    size,
    mtimeMs: 1_600_000_000_000,
    mode: 0o644,
    version: 1n,
    ...more,
  };
}

async function open(
  name: string,
  size: number,
  more: Partial<OneFileOptions> = {},
): Promise<OneFileSink> {
  const entry = entryOf(name, size);
  const opened = await OneFileSink.open({
    target: { directory },
    entry,
    onConflict: 'fail',
    ...more,
  });
  sink = opened;
  return opened;
}

async function stagedNames(): Promise<string[]> {
  return (await readdir(directory)).filter((name) => name.startsWith('.p2pshare-'));
}

describe('a file sink', () => {
  it('shows the final name only when everything is there, with its time and mode', async () => {
    const file = await open('a.txt', 12);
    await file.write(6, [bytes('world'), bytes('!')]);
    expect(await readdir(directory)).toHaveLength(1);
    await file.write(0, [bytes('hel'), bytes('lo ')]);
    expect(await file.publish()).toBe(at('a.txt'));
    expect(await readdir(directory)).toEqual(['a.txt']);
    expect(await readFile(at('a.txt'), 'utf8')).toBe('hello world!');
    const { mode, mtimeMs, nlink } = await stat(at('a.txt'));
    expect(mode & 0o777).toBe(0o666 & ~process.umask());
    // Newer versions of Node keep what is added so that no millisecond is lost.
    expect([Math.floor(mtimeMs), nlink]).toEqual([1_600_000_000_000, 1]);
  });

  it('keeps what comes private until then', async () => {
    const file = await open('a.txt', 2);
    await file.write(0, [bytes('a')]);
    const [staging = ''] = await stagedNames();
    expect((await stat(at(staging))).mode & 0o777).toBe(0o700);
    expect((await stat(join(at(staging), 'tree/a.txt'))).mode & 0o777).toBe(0o600);
  });

  it('carries out overlapping writes in turn', async () => {
    const file = await open('a', 400_000);
    const parts = Array.from({ length: 40 }, (_, i) => new Uint8Array(10_000).fill(i));
    await Promise.all(parts.map((part, i) => file.write(10_000 * i, [part])));
    await file.publish();
    expect(Buffer.compare(await readFile(at('a')), Buffer.concat(parts))).toBe(0);
  });

  it('makes an empty file', async () => {
    await (await open('empty', 0)).publish();
    expect((await stat(at('empty'))).size).toBe(0);
  });

  it('gives the executable bit and no time beyond tomorrow', async () => {
    const entry = entryOf('run', 0, { mode: 0o755, mtimeMs: Number.MAX_SAFE_INTEGER });
    await (await open('run', 0, { entry })).publish();
    const { mode, mtimeMs } = await stat(at('run'));
    expect(mode & 0o777).toBe(0o777 & ~process.umask());
    expect(mtimeMs).toBeLessThanOrEqual(Date.now() + 86_400_000);
  });

  it('takes a name that the receiver chose', async () => {
    const target = { file: at('mine.bin') };
    expect(await (await open('theirs', 0, { target })).publish()).toBe(at('mine.bin'));
  });

  it('leaves nothing behind when it is discarded', async () => {
    const file = await open('a', 5);
    await file.write(0, [bytes('01234')]);
    await file.discard();
    expect(await readdir(directory)).toEqual([]);
  });

  it('takes no staging place that is open to others, or somebody else made', async () => {
    await mkdir(at('.p2pshare-test'), { mode: 0o755 });
    await expect(open('a', 1)).rejects.toMatchObject({ code: 'P2P_TARGET_UNWRITABLE' });
    await rm(at('.p2pshare-test'), { recursive: true });
    await symlink(tmpdir(), at('.p2pshare-test'));
    await expect(open('a', 1)).rejects.toMatchObject({ code: 'P2P_TARGET_UNWRITABLE' });
  });
});

describe('a file sink with much to write', () => {
  const part = new Uint8Array(32 * 2 ** 20).fill(7);

  const chunkBytes = 2 ** 20;

  it('asks the disk to begin before the end', async () => {
    const sync = await spyOnSync();
    const file = await open('much', 3 * part.length, { chunkBytes });
    await file.write(0, [part, part]);
    await vi.waitFor(() => expect(sync).toHaveBeenCalled());
    await file.write(2 * part.length, [part]);
    expect((await stat(await file.publish())).size).toBe(3 * part.length);
  });

  it('publishes nothing that the disk refused, though later syncs succeed', async () => {
    const sync = await spyOnSync();
    sync.mockRejectedValueOnce(Object.assign(new Error('i/o error'), { code: 'EIO' }));
    const file = await open('much', 3 * part.length, { chunkBytes });
    await file.write(0, [part, part]);
    await expect(
      file.write(2 * part.length, [part]).then(() => file.publish()),
    ).rejects.toMatchObject({ code: 'P2P_LOCAL_IO' });
    await expect(file.publish()).rejects.toMatchObject({ code: 'P2P_LOCAL_IO' });
    await file.discard();
    expect(await readdir(directory)).toEqual([]);
  });

  async function spyOnSync() {
    const folder = (await NODE_FILE_SYSTEM.openFolder(directory)) as OpenFolder;
    const spy = vi.spyOn(Object.getPrototypeOf(folder) as OpenFolder, 'sync');
    await folder.close();
    onTestFinished(() => spy.mockRestore());
    return spy;
  }
});

describe('a file sink whose target is taken', () => {
  it('refuses before any data with fail', async () => {
    const onConflict = 'fail';
    await writeFile(at('a'), 'old');
    await symlink(at('nowhere'), at('link'));
    for (const name of ['a', 'link']) {
      await expect(open(name, 3, { onConflict })).rejects.toMatchObject({
        code: 'P2P_TARGET_EXISTS',
      });
    }
    expect(await readdir(directory)).toEqual(['a', 'link']);
  });

  it('does not replace what appears in the meantime, file or dangling link', async () => {
    for (const plant of [
      () => writeFile(at('a'), 'theirs'),
      () => symlink(at('outside'), at('a')),
    ]) {
      const file = await open('a', 4);
      await file.write(0, [bytes('ours')]);
      await plant();
      await expect(file.publish()).rejects.toMatchObject({ code: 'P2P_TARGET_EXISTS' });
      await file.discard();
      expect(await readdir(directory)).toEqual(['a']);
      await rm(at('a'));
    }
  });

  it('numbers the name with rename, also when it is taken only at the end', async () => {
    await writeFile(at('a.tar.gz'), 'old');
    const file = await open('a.tar.gz', 0, { onConflict: 'rename' });
    await writeFile(at('a (1).tar.gz'), 'newer');
    expect(await file.publish()).toBe(at('a (2).tar.gz'));
    expect(await readFile(at('a.tar.gz'), 'utf8')).toBe('old');
  });

  it('replaces a file whole with overwrite', async () => {
    await writeFile(at('a'), 'a much longer old file');
    const file = await open('a', 3, { onConflict: 'overwrite' });
    await file.write(0, [bytes('new')]);
    expect(await readFile(at('a'), 'utf8')).toBe('a much longer old file');
    await file.publish();
    expect(await readFile(at('a'), 'utf8')).toBe('new');
    expect(await readdir(directory)).toEqual(['a']);
  });

  it('replaces a symbolic link with overwrite and does not write through it', async () => {
    await writeFile(at('precious'), 'precious');
    await symlink(at('precious'), at('a'));
    const file = await open('a', 3, { onConflict: 'overwrite' });
    await file.write(0, [bytes('new')]);
    await file.publish();
    expect((await lstat(at('a'))).isFile()).toBe(true);
    expect(await readFile(at('precious'), 'utf8')).toBe('precious');
  });

  it('never replaces a folder', async () => {
    await mkdir(at('a'));
    const opened = open('a', 0, { onConflict: 'overwrite' });
    await expect(opened).rejects.toMatchObject({ code: 'P2P_TARGET_EXISTS' });
  });
});

describe('a file sink in trouble', () => {
  it('says that the folder is missing', async () => {
    const opened = open('a', 1, { target: { directory: at('gone') } });
    await expect(opened).rejects.toMatchObject({ code: 'P2P_TARGET_UNWRITABLE' });
  });

  it('refuses more bytes than the disk has free', async () => {
    const opened = open('a', Number.MAX_SAFE_INTEGER);
    await expect(opened).rejects.toMatchObject({ code: 'P2P_DISK_FULL' });
    expect(await readdir(directory)).toEqual([]);
  });

  it('touches nothing outside when its folder is swapped for a link', async () => {
    await mkdir(at('inbox'));
    await mkdir(at('elsewhere'));
    const file = await open('a', 1, { target: { directory: at('inbox') } });
    await rename(at('inbox'), at('moved'));
    await symlink(at('elsewhere'), at('inbox'));
    await file.write(0, [bytes('x')]);
    await expect(file.publish()).rejects.toMatchObject({ code: 'P2P_TARGET_UNWRITABLE' });
    await file.discard();
    expect(await readdir(at('elsewhere'))).toEqual([]);
    expect(constants.O_NOFOLLOW === undefined || (await readdir(at('moved'))).length === 0).toBe(
      true,
    );
  });
});

describe('a full disk', () => {
  let mounted = false;

  beforeEach(async () => {
    await mkdir(at('disk'));
    try {
      execFileSync('mount', ['-t', 'tmpfs', '-o', 'size=1m', 'tmpfs', at('disk')], {
        stdio: 'pipe',
      });
      mounted = true;
    } catch (error) {
      console.warn(`full disk not tested, tmpfs cannot be mounted: ${error}`);
    }
  });

  afterEach(async () => {
    await sink?.discard();
    if (mounted) execFileSync('umount', [at('disk')]);
    mounted = false;
  });

  it('is reported as such, and the space comes back', async ({ skip }) => {
    if (!mounted) return skip('needs root and mount');
    const target = { directory: at('disk') };
    const file = await open('a', 900_000, { target });
    await writeFile(join(at('disk'), 'other'), new Uint8Array(600_000));
    const full = file.write(0, [new Uint8Array(500_000).fill(1), new Uint8Array(400_000).fill(1)]);
    await expect(full).rejects.toMatchObject({ code: 'P2P_DISK_FULL' });
    await file.discard();
    expect(await readdir(at('disk'))).toEqual(['other']);
  });
});
