import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { PassThrough } from 'node:stream';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { destinationOf, onlyFile, type SingleFile } from '../../src/client/destination.ts';
import { type EntryName, parseEntryName } from '../../src/protocol/transfer/entry-name.ts';

let folder: string;

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'p2pshare-destination-'));
});

afterEach(async () => {
  await rm(folder, { recursive: true, force: true });
});

const name = parseEntryName('.bashrc') as EntryName;
const hidden: SingleFile = {
  kind: 'file',
  name,
  path: [name],
  size: 0,
  mtimeMs: 0,
  mode: 0o644,
  version: 1n,
};

describe('the destination of a hidden name', () => {
  it('is refused in a folder, unless the receiver allows it', async () => {
    await expect(destinationOf(hidden, { out: folder })).rejects.toMatchObject({
      code: 'P2P_NAME_REFUSED',
    });
    const allowed = await destinationOf(hidden, { out: folder, allowHidden: true });
    expect(allowed).toMatchObject({ path: join(folder, '.bashrc'), exists: false });
  });

  it('does not matter where the name is not used', async () => {
    const file = join(folder, 'mine');
    expect(await destinationOf(hidden, { out: file })).toMatchObject({ path: file });
    expect(await destinationOf(hidden, { out: new PassThrough() })).toMatchObject({ path: '-' });
  });
});

describe('an offer', () => {
  it('is taken if it is one file at the top', () => {
    expect(onlyFile({ entries: [hidden] })).toMatchObject({ name, size: 0 });
  });

  it.each([
    ['of nothing', []],
    ['of two files', [hidden, { ...hidden, path: [parseEntryName('b') as EntryName] }]],
    ['of a file in a folder', [{ ...hidden, path: [parseEntryName('a') as EntryName, name] }]],
    ['of a file without a name', [{ ...hidden, path: [] }]],
  ])('%s is refused', (_, entries) => {
    expect(() => onlyFile({ entries })).toThrow(
      expect.objectContaining({ code: 'P2P_VERSION_MISMATCH' }),
    );
  });
});
