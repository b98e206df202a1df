import { mkdtemp, rename, rm, stat, utimes, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { SCAN_OPTIONS, tagsOf } from '../../support/scan-options.ts';

const { tagOf } = SCAN_OPTIONS;
const TIME = new Date(1_600_000_000_000);

let folder: string;
const at = (name: string): string => join(folder, name);
const look = (path: string) => stat(path, { bigint: true });

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'p2pshare-version-'));
  await writeAs('a');
});

afterEach(async () => {
  await rm(folder, { recursive: true, force: true });
});

describe('the version of a file', () => {
  it('stays when the file system has forgotten its number and given it another', async () => {
    const stats = await look(at('a'));
    const renumbered = { ...stats, ino: stats.ino + 1n, dev: stats.dev + 1n };
    expect(tagOf(renumbered)).toBe(tagOf(stats));
  });

  it.each([
    ['it is written to and its time put back', () => writeAs('a')],
    [
      'another of the same size and time takes its name',
      async () => {
        await writeAs('b');
        await rename(at('b'), at('a'));
      },
    ],
  ])('changes when %s', async (_, change) => {
    const before = await look(at('a'));
    // The clock of a file system may move by milliseconds only.
    await vi.waitFor(async () => {
      await change();
      expect((await look(at('a'))).ctimeNs).toBeGreaterThan(before.ctimeNs);
    });
    const after = await look(at('a'));
    expect([after.size, after.mtimeNs]).toEqual([before.size, before.mtimeNs]);
    expect(tagOf(after)).not.toBe(tagOf(before));
  });

  it('changes with the size, within a tick of the clock of a file system', async () => {
    const stats = await look(at('a'));
    expect(tagOf({ ...stats, size: stats.size + 1n })).not.toBe(tagOf(stats));
  });

  it('is another one for each salt', async () => {
    const stats = await look(at('a'));
    expect(tagsOf(1)(stats)).not.toBe(tagOf(stats));
  });
});

async function writeAs(name: string): Promise<void> {
  await writeFile(at(name), 'content');
  await utimes(at(name), TIME, TIME);
}
