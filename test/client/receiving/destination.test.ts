import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { PassThrough } from 'node:stream';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { destinationOf } from '../../../src/client/receiving/destination.ts';
import type { FileEntry } from '../../../src/protocol/transfer/entries/entry.ts';
import {
  type EntryName,
  parseEntryName,
} from '../../../src/protocol/transfer/entries/entry-name.ts';

let folder: string;

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'p2pshare-destination-'));
});

afterEach(async () => {
  await rm(folder, { recursive: true, force: true });
});

const name = parseEntryName('.bashrc') as EntryName;
const hidden: FileEntry = {
  kind: 'file',
  path: [name],
  size: 0,
  mtimeMs: 0,
  mode: 0o644,
  version: 1n,
};

describe('the destination of a hidden name', () => {
  it('is refused in a folder, unless the receiver allows it', async () => {
    await expect(destinationOf([hidden], { out: folder })).rejects.toMatchObject({
      code: 'P2P_NAME_REFUSED',
    });
    const allowed = await destinationOf([hidden], { out: folder, allowHidden: true });
    expect(allowed).toMatchObject({ path: join(folder, '.bashrc'), exists: false });
  });

  it('does not matter where the name is not used', async () => {
    const file = join(folder, 'mine');
    expect(await destinationOf([hidden], { out: file })).toMatchObject({ path: file });
    expect(await destinationOf([hidden], { out: new PassThrough() })).toMatchObject({ path: '-' });
  });
});

describe('an offer of several things', () => {
  const several = ['a', 'b'].map((text) => ({
    ...hidden,
    path: [parseEntryName(text) as EntryName],
  }));

  it('goes to a folder', async () => {
    expect(await destinationOf(several, { out: folder })).toMatchObject({ path: folder });
    await writeFile(join(folder, 'b'), '');
    expect(await destinationOf(several, { out: folder })).toMatchObject({ exists: true });
  });

  it('goes to no stream, and under no single name', async () => {
    for (const out of [new PassThrough(), join(folder, 'new')]) {
      const refused = { code: 'P2P_TARGET_UNWRITABLE' };
      await expect(destinationOf(several, { out })).rejects.toMatchObject(refused);
    }
  });
});
