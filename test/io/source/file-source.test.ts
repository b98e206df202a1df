import { execFileSync } from 'node:child_process';
import {
  appendFile,
  chmod,
  mkdtemp,
  rm,
  symlink,
  truncate,
  utimes,
  writeFile,
} from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { SourceReader } from '../../../src/io/source/source-reader.ts';
import { requireSources, scanSources } from '../../../src/io/source/source-scan.ts';
import type { Entry } from '../../../src/protocol/transfer/entries/entry.ts';
import { SCAN_OPTIONS } from '../../support/scan-options.ts';

let directory: string;
let source: SourceReader | undefined;
const at = (name: string): string => join(directory, name);

beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), 'p2pshare-source-'));
});

afterEach(async () => {
  await source?.close();
  source = undefined;
  await rm(directory, { recursive: true, force: true });
});

/** The entry of a file, which is read from then on. */
async function open(path: string): Promise<Entry> {
  const scan = await scanSources([path], SCAN_OPTIONS);
  source = new SourceReader(scan, SCAN_OPTIONS.tagOf);
  return scan.entries.at(0) as Entry;
}

describe('a source that is a file', () => {
  it('describes the file by its base name, size, time and executable bit', async () => {
    await writeFile(at('tool.sh'), 'echo hello');
    await chmod(at('tool.sh'), 0o755);
    await utimes(at('tool.sh'), 1_700_000_000, 1_700_000_000);
    expect(await open(at('tool.sh'))).toEqual({
      kind: 'file',
      path: ['tool.sh'],
      size: 10,
      mtimeMs: 1_700_000_000_000,
      mode: 0o755,
      version: expect.any(BigInt),
    });
  });

  it('reads at any offset and stops at the end of the file', async () => {
    await writeFile(at('a.txt'), '0123456789');
    await open(at('a.txt'));
    const into = new Uint8Array(6);
    expect(await source?.read(0, 2, into)).toBe(6);
    expect(Buffer.from(into).toString()).toBe('234567');
    expect(await source?.read(0, 7, into)).toBe(3);
    expect(Buffer.from(into.subarray(0, 3)).toString()).toBe('789');
    await expect(source?.finish(false)).resolves.toBeUndefined();
  });

  it('follows a symbolic link that was named, and keeps the name of the link', async () => {
    await writeFile(at('target.bin'), 'abc');
    await symlink(at('target.bin'), at('link.bin'));
    expect(await open(at('link.bin'))).toMatchObject({ path: ['link.bin'], size: 3 });
  });

  it('says that a file is missing, also behind a dangling link', async () => {
    await symlink(at('nowhere'), at('dangling'));
    for (const name of ['nowhere', 'dangling', 'no/such/folder']) {
      await expect(requireSources([at(name)], SCAN_OPTIONS)).rejects.toMatchObject({
        code: 'P2P_SOURCE_MISSING',
      });
    }
  });

  it('refuses devices and pipes, without waiting for a writer', async () => {
    execFileSync('mkfifo', [at('pipe')]);
    for (const path of [at('pipe'), '/dev/null']) {
      await expect(requireSources([path], SCAN_OPTIONS)).rejects.toMatchObject({
        code: 'P2P_SOURCE_UNREADABLE',
      });
    }
  });

  it('refuses a name that no receiver would take', async () => {
    await writeFile(at('what?.txt'), 'x');
    await expect(requireSources([at('what?.txt')], SCAN_OPTIONS)).rejects.toMatchObject({
      code: 'P2P_NAME_REFUSED',
    });
  });
});

describe('a source that vanishes (F21)', () => {
  it('is missed with its path, and so is one in a folder', async () => {
    await writeFile(at('a'), '0123456789');
    await open(at('a'));
    await rm(at('a'));
    const missing = { code: 'P2P_SOURCE_MISSING', path: at('a') };
    await expect(source?.read(0, 0, new Uint8Array(10))).rejects.toMatchObject(missing);
  });

  it('is replaced by nothing that may be in its place', async () => {
    await writeFile(at('a'), '0123456789');
    await writeFile(at('b'), 'precious!!');
    await open(at('a'));
    await rm(at('a'));
    await symlink(at('b'), at('a'));
    const refused = { code: 'P2P_SOURCE_UNREADABLE' };
    await expect(source?.read(0, 0, new Uint8Array(10))).rejects.toMatchObject(refused);
    await rm(at('a'));
    await writeFile(at('a'), 'precious!!');
    source = undefined;
  });
});

describe('a source that changes (F20)', () => {
  const changes: [string, () => Promise<void>][] = [
    ['grows', () => appendFile(at('a'), 'more')],
    ['shrinks', () => truncate(at('a'), 3)],
    ['is rewritten with its time put back', () => rewriteQuietly(at('a'))],
  ];

  it.each(changes)('is noticed when it %s', async (_, change) => {
    await writeFile(at('a'), '0123456789');
    await utimes(at('a'), 1_700_000_000, 1_700_000_000);
    await open(at('a'));
    await source?.read(0, 0, new Uint8Array(4));
    // Times of files are as coarse as the kernel's tick, at most 10 ms.
    for (const start = Date.now(); Date.now() - start < 12; );
    await change();
    const changed = { code: 'P2P_SOURCE_CHANGED' };
    await expect(source?.read(0, 6, new Uint8Array(4))).rejects.toMatchObject(changed);
    await expect(source?.finish(false)).rejects.toMatchObject(changed);
  });
});

async function rewriteQuietly(path: string): Promise<void> {
  await writeFile(path, '9876543210', { flag: 'r+' });
  await utimes(path, 1_700_000_000, 1_700_000_000);
}
