import { mkdtemp, rename, rm, stat, utimes, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { versionTag } from '../../src/io/version-tag.ts';

const SALT = new Uint8Array(16);
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
    expect(versionTag(renumbered, SALT)).toBe(versionTag(stats, SALT));
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
    expect(versionTag(after, SALT)).not.toBe(versionTag(before, SALT));
  });

  it('is another one for each salt', async () => {
    const stats = await look(at('a'));
    expect(versionTag(stats, new Uint8Array(16).fill(1))).not.toBe(versionTag(stats, SALT));
  });
});

async function writeAs(name: string): Promise<void> {
  await writeFile(at(name), 'content');
  await utimes(at(name), TIME, TIME);
}
