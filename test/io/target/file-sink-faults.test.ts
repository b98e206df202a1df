import { describe, expect, it } from 'vitest';
import type { OnConflict } from '../../../src/io/target/file-publish.ts';
import { P2PShareError } from '../../../src/protocol/errors.ts';
import type { FileEntry } from '../../../src/protocol/transfer/entries/entry.ts';
import {
  type EntryName,
  parseEntryName,
} from '../../../src/protocol/transfer/entries/entry-name.ts';
import { MemoryFileSystem } from '../../support/memory-file-system.ts';
import { OneFileSink } from '../../support/one-file-sink.ts';
import { isSame } from '../../support/same-bytes.ts';
import { SeededRandom } from '../../support/seeded-random.ts';
import { forEachSeed } from '../../support/seeds.ts';

const FOLDER = '/inbox';
const FINAL = '/inbox/a.bin';
// Its last chunk is a hole, so that it has to be made so long.
const NEW = new Uint8Array(5000);
NEW.set(new SeededRandom(1).bytes(3000));
const OLD = new SeededRandom(2).bytes(4000);

const entry: FileEntry = {
  kind: 'file',
  path: [parseEntryName('a.bin') as EntryName],
  size: NEW.length,
  mtimeMs: 1_600_000_000_000,
  mode: 0o644,
  version: 1n,
};

type Policy = OnConflict;

/** A folder to receive into, with an older file of that name where it is to be overwritten. */
function disk(onConflict: Policy): MemoryFileSystem {
  const files = new MemoryFileSystem();
  files.plantFolder(FOLDER);
  if (onConflict === 'overwrite') files.plantFile(FINAL, OLD);
  return files;
}

/** Receives the file and yields its path, or rejects with what went wrong; tidies up as `receive` does. */
async function receive(files: MemoryFileSystem, onConflict: Policy): Promise<string> {
  const sink = await OneFileSink.open({ target: { directory: FOLDER }, entry, onConflict, files });
  try {
    await sink.write(2000, [NEW.subarray(2000, 3000), NEW.subarray(3000)]);
    await sink.write(0, [NEW.subarray(0, 2000)]);
    return await sink.publish();
  } finally {
    await sink.discard();
  }
}

/** How many calls a transfer makes in which nothing goes wrong. */
async function callCount(onConflict: Policy): Promise<number> {
  const files = disk(onConflict);
  await receive(files, onConflict);
  expect(files.names(FOLDER)).toEqual(['a.bin']);
  expect(isSame(files.bytes(FINAL), NEW)).toBe(true);
  return files.calls.length;
}

/** The one rule: the final name means nothing, or what it meant before, or the whole new file. */
function expectWhole(files: MemoryFileSystem, onConflict: Policy): void {
  const bytes = files.bytes(FINAL);
  const before = onConflict === 'overwrite' ? OLD : undefined;
  expect(isSame(bytes, NEW) || isSame(bytes, before)).toBe(true);
}

const TIDYING: ReadonlySet<string> = new Set(['readFolder', 'lstat', 'unlink', 'rmdir']);
const POLICIES = ['fail', 'rename', 'overwrite'] as const;

describe.each(POLICIES)('receiving a file with --on-conflict %s', (onConflict) => {
  // F17 and F18 of the fault table, at every place where they can happen.
  it.each([
    ['ENOSPC', 'P2P_DISK_FULL'],
    ['EDQUOT', 'P2P_DISK_FULL'],
    ['EROFS', 'P2P_TARGET_UNWRITABLE'],
    ['EACCES', 'P2P_TARGET_UNWRITABLE'],
    ['EIO', 'P2P_LOCAL_IO'],
  ])('ends cleanly with %s at any call', async (errno, code) => {
    const count = await callCount(onConflict);
    for (let call = 1; call <= count; call += 1) {
      const files = disk(onConflict);
      files.fault = { call, fault: errno };
      const result = await receive(files, onConflict).catch((error: unknown) => error);
      const where = `${errno} at call ${call}, ${files.calls[call - 1]}`;
      if (result instanceof P2PShareError) expect(result.code, where).toBe(code);
      else expect(result, where).toBe(FINAL);
      expectWhole(files, onConflict);
      expect(files.openCount, where).toBe(0);
    }
  });

  it('leaves nothing of its own after a failure, unless it is the tidying that fails', async () => {
    const count = await callCount(onConflict);
    const left: string[] = [];
    for (let call = 1; call <= count; call += 1) {
      const files = disk(onConflict);
      files.fault = { call, fault: 'EIO' };
      await receive(files, onConflict).catch(() => undefined);
      const staged = files.names(FOLDER).filter((name) => name !== 'a.bin');
      if (staged.length > 0) left.push(files.calls[call - 1] ?? '');
    }
    expect(left.filter((name) => !TIDYING.has(name))).toEqual([]);
  });

  // F13: `kill -9` of the receiver.
  it('shows nothing but whole files when it is killed at any call', async () => {
    const count = await callCount(onConflict);
    for (let call = 1; call <= count; call += 1) {
      const files = disk(onConflict);
      files.fault = { call, fault: 'kill' };
      await receive(files, onConflict).catch(() => undefined);
      expectWhole(files, onConflict);
    }
  });

  // F15: everything that was not synced may be gone.
  forEachSeed('shows nothing but whole files after a power loss', 200, async (seed) => {
    const random = new SeededRandom(seed);
    const count = await callCount(onConflict);
    const files = disk(onConflict);
    files.fault = { call: 1 + random.integer(count), fault: 'kill' };
    await receive(files, onConflict).catch(() => undefined);
    files.losePower(random);
    expectWhole(files, onConflict);
  });

  forEachSeed('keeps what it said is there through a power loss', 50, async (seed) => {
    const files = disk(onConflict);
    await receive(files, onConflict);
    files.losePower(new SeededRandom(seed));
    expect(files.names(FOLDER)).toEqual(['a.bin']);
    expect(isSame(files.bytes(FINAL), NEW)).toBe(true);
  });
});

describe('a target that changes while a file is received', () => {
  // F19 of the fault table.
  it('ends the transfer when the folder is gone', async () => {
    const { files, sink } = await halfReceived();
    files.steal(FOLDER);
    await expect(sink.publish()).rejects.toMatchObject({ code: 'P2P_TARGET_UNWRITABLE' });
    await sink.discard();
    expect(files.openCount).toBe(0);
  });

  it('ends the transfer when the staging folder was taken away', async () => {
    const { files, sink, staging } = await halfReceived();
    files.steal(`${staging}/tree`);
    await expect(sink.publish()).rejects.toMatchObject({ code: 'P2P_TARGET_UNWRITABLE' });
    await sink.discard();
    expect(files.names(FOLDER)).not.toContain('a.bin');
  });

  it('writes and removes nothing through a link in place of the staging folder', async () => {
    const { files, sink, staging } = await halfReceived();
    files.plantFolder('/elsewhere');
    files.plantFolder('/elsewhere/tree');
    files.plantFile('/elsewhere/tree/a.bin', OLD);
    files.steal(staging);
    files.plantLink(staging, '/elsewhere');
    await sink.write(2500, [NEW.subarray(2500)]);
    await sink.publish();
    await sink.discard();
    expect(isSame(files.bytes(FINAL), NEW)).toBe(true);
    expect(isSame(files.bytes('/elsewhere/tree/a.bin'), OLD)).toBe(true);
    expect(files.names('/elsewhere')).toEqual(['tree']);
  });

  it('says that the disk is full, and takes the rest when there is room again', async () => {
    const { files, sink } = await halfReceived();
    const { freeBytes } = files;
    files.freeBytes = 0;
    const rest = NEW.subarray(2500);
    await expect(sink.write(2500, [rest])).rejects.toMatchObject({ code: 'P2P_DISK_FULL' });
    files.freeBytes = freeBytes;
    await sink.write(2500, [rest]);
    expect(await sink.publish()).toBe(FINAL);
    expect(isSame(files.bytes(FINAL), NEW)).toBe(true);
  });

  async function halfReceived() {
    const files = disk('fail');
    const target = { directory: FOLDER };
    const sink = await OneFileSink.open({ target, entry, onConflict: 'fail', files });
    const staging = `${FOLDER}/${files.names(FOLDER)[0]}`;
    await sink.write(0, [NEW.subarray(0, 2500)]);
    return { files, sink, staging };
  }
});
