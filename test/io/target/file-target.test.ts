import { mkdir, mkdtemp, readFile, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { renameNew } from '../../../src/io/files/rename-new.ts';
import { numberedName } from '../../../src/io/target/file-numbered-name.ts';
import { resolveTarget } from '../../../src/io/target/file-target.ts';
import {
  type EntryName,
  parseEntryName,
} from '../../../src/protocol/transfer/entries/entry-name.ts';

let directory: string;
const at = (name: string): string => join(directory, name);
const names = [parseEntryName('photo.jpg') as EntryName];
const hidden = parseEntryName('.bashrc') as EntryName;

beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), 'p2pshare-target-'));
});

afterEach(async () => {
  await rm(directory, { recursive: true, force: true });
});

describe('resolveTarget', () => {
  it('receives into a folder that exists, also behind a link', async () => {
    await symlink(directory, at('link'));
    expect(await resolveTarget({ out: directory, names })).toEqual({ directory });
    expect(await resolveTarget({ out: at('link'), names })).toEqual({ directory: at('link') });
  });

  it('receives into the current folder unless told otherwise', async () => {
    expect(await resolveTarget({ out: undefined, names })).toEqual({ directory: process.cwd() });
  });

  it('takes a new or existing path in an existing folder as the name of the file', async () => {
    await writeFile(at('old'), '');
    expect(await resolveTarget({ out: at('new'), names })).toEqual({ file: at('new') });
    expect(await resolveTarget({ out: at('old'), names })).toEqual({ file: at('old') });
  });

  it('makes no folders', async () => {
    await writeFile(at('file'), '');
    for (const out of [at('no/such'), at('missing/'), at('file/below')]) {
      const refused = { code: 'P2P_TARGET_UNWRITABLE' };
      await expect(resolveTarget({ out, names })).rejects.toMatchObject(refused);
    }
  });

  it('takes no name for several things', async () => {
    const out = at('new');
    const refused = { code: 'P2P_TARGET_UNWRITABLE' };
    await expect(resolveTarget({ out, names: [hidden, ...names] })).rejects.toMatchObject(refused);
  });

  it('takes a hidden name only from the receiver', async () => {
    const refused = { code: 'P2P_NAME_REFUSED' };
    await expect(resolveTarget({ out: directory, names: [hidden] })).rejects.toMatchObject(refused);
    const allowed = { out: directory, names: [hidden], allowHidden: true };
    expect(await resolveTarget(allowed)).toEqual({ directory });
    expect(await resolveTarget({ out: at('.rc'), names: [hidden] })).toEqual({ file: at('.rc') });
  });
});

describe('numberedName', () => {
  it.each([
    ['photo.jpg', 'photo (1).jpg'],
    ['src.tar.gz', 'src (1).tar.gz'],
    ['README', 'README (1)'],
    ['.bashrc', '.bashrc (1)'],
    ['.tar.gz', '.tar (1).gz'],
    ['a.b.c', 'a.b (1).c'],
    [`${'é'.repeat(125)}.txt`, `${'é'.repeat(123)} (1).txt`],
  ])('numbers %s as %s', (plain, numbered) => {
    expect(numberedName(plain, 1)).toBe(numbered);
  });
});

describe('renaming to a free name', () => {
  it('replaces nothing', async () => {
    await writeFile(at('staged'), 'ours');
    await writeFile(at('taken'), 'theirs');
    await symlink('nowhere', at('dangling'));
    await mkdir(at('folder'));
    // Where it cannot be done in one step, nothing is done.
    const isPossible = (await renameNew(at('staged'), at('taken'))) === false;
    for (const name of ['taken', 'dangling', 'folder']) {
      expect(await renameNew(at('staged'), at(name))).not.toBe(true);
    }
    expect(await readFile(at('taken'), 'utf8')).toBe('theirs');
    expect(await renameNew(at('staged'), at('free'))).toBe(isPossible ? true : undefined);
    expect(await readFile(at(isPossible ? 'free' : 'staged'), 'utf8')).toBe('ours');
  });

  it('leaves it to others to say what is wrong', async () => {
    expect(await renameNew(at('missing'), at('free'))).toBeUndefined();
    expect(await renameNew(at('missing'), at('no/such/folder'))).toBeUndefined();
  });
});
