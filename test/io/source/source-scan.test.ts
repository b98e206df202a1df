import { execFileSync } from 'node:child_process';
import { chmod, mkdir, mkdtemp, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { type ScanOptions, scanSources } from '../../../src/io/source/source-scan.ts';
import { asPlainUser } from '../../support/plain-user.ts';
import { SCAN_OPTIONS, tagsOf } from '../../support/scan-options.ts';

let directory: string;
const at = (name: string): string => join(directory, name);

beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), 'p2pshare-scan-'));
});

afterEach(async () => {
  await rm(directory, { recursive: true, force: true });
});

async function plant(...paths: readonly string[]): Promise<void> {
  for (const path of paths) {
    await mkdir(dirname(at(path)), { recursive: true });
    await writeFile(at(path), path);
  }
}

async function scan(paths: readonly string[], more: Partial<ScanOptions> = {}) {
  return await scanSources(paths.map(at), { ...SCAN_OPTIONS, ...more });
}

/** The paths that are found, folders with a slash and links with what they say. */
async function found(
  paths: readonly string[],
  more: Partial<ScanOptions> = {},
): Promise<readonly string[]> {
  const { entries } = await scan(paths, more);
  return [...entries].map((entry) => {
    const path = entry.path.join('/');
    if (entry.kind === 'folder') return `${path}/`;
    return entry.kind === 'link' ? `${path} -> ${entry.target}` : path;
  });
}

describe('looking through folders', () => {
  it('finds everything, each folder before what is in it, in the order of names', async () => {
    await plant('top/b/2', 'top/b/1', 'top/a', 'single');
    await mkdir(at('top/void'));
    const all = ['single', 'top/', 'top/a', 'top/b/', 'top/b/1', 'top/b/2', 'top/void/'];
    expect(await found(['single', 'top'])).toEqual(all);
  });

  it('tells where everything is, and versions that differ', async () => {
    // Each holds its path, so that they differ in size.
    await plant('top/a', 'top/b/1', 'top/c/d/2', 'top/c/four', 'top/ff', 'single file');
    const { entries, pathOf } = await scan(['top', 'single file']);
    const names = ['', '/a', '/b', '/b/1', '/c', '/c/d', '/c/d/2', '/c/four', '/ff'];
    const paths = [...names.map((name) => at(`top${name}`)), at('single file')];
    expect(paths.map((_, entry) => pathOf(entry))).toEqual(paths);
    const files = [...entries].filter(({ kind }) => kind === 'file');
    const versions = files.map((entry) => (entry.kind === 'file' ? entry.version : 0n));
    expect(new Set(versions).size).toBe(files.length);
    const again = await scan(['top'], { tagOf: tagsOf(1) });
    expect(again.entries.at(1)).not.toEqual(entries.at(1));
  });

  it('leaves out special files, and counts them', async () => {
    await plant('top/a');
    execFileSync('mkfifo', [at('top/pipe')]);
    const { entries, omitted } = await scan(['top']);
    expect(entries).toHaveLength(2);
    expect(omitted).toEqual({ special: 1, links: 0, excluded: 0 });
  });
});

describe('files without a byte', () => {
  it.skipIf(process.platform !== 'linux')(
    'are refused where the system makes one up as they are read: they would arrive empty',
    async () => {
      const refused = {
        code: 'P2P_SOURCE_UNREADABLE',
        path: '/proc/version',
        cause: { code: 'size unknown' },
      };
      const looked = scanSources(['/proc/version'], SCAN_OPTIONS);
      await expect(looked).rejects.toMatchObject(refused);
      // Found in a folder.
      await plant('top/a');
      await symlink('/proc/version', at('top/kernel'));
      await expect(scan(['top'], { symlinks: 'follow' })).rejects.toMatchObject(refused);
    },
  );

  it('are sent', async () => {
    await writeFile(at('nothing'), '');
    expect(await found(['nothing'])).toEqual(['nothing']);
  });
});

describe.skipIf(process.geteuid === undefined)('what may not be read', () => {
  beforeEach(async () => {
    await chmod(directory, 0o755);
    await plant('top/readable', 'top/private', 'top/group');
    await chmod(at('top/private'), 0);
    await chmod(at('top/group'), 0o040);
  });

  it('is refused before anything is offered, with its path', async () => {
    const refused = asPlainUser(() => scan(['top'], { exclude: ['group'] }));
    const path = at('top/private');
    await expect(refused).rejects.toMatchObject({ code: 'P2P_SOURCE_UNREADABLE', path });
    const named = asPlainUser(() => scan(['top/private'], { allowUnreadable: true }));
    await expect(named).rejects.toMatchObject({ code: 'P2P_SOURCE_UNREADABLE', path });
    const group = asPlainUser(() => scan(['top'], { exclude: ['private'] }));
    await expect(group).rejects.toMatchObject({ path: at('top/group') });
  });

  it('is none of what another than its owner may read', async () => {
    await chmod(at('top/readable'), 0o644);
    const read = await asPlainUser(() => found(['top'], { exclude: ['private', 'group'] }));
    expect(read).toEqual(['top/', 'top/readable']);
  });

  it('is offered where it is to be left out later', async () => {
    const all = ['top/', 'top/group', 'top/private', 'top/readable'];
    expect(await asPlainUser(() => found(['top'], { allowUnreadable: true }))).toEqual(all);
  });

  it('is an unreadable folder in any case', async () => {
    await mkdir(at('top/closed'), { mode: 0 });
    const refused = asPlainUser(() => scan(['top'], { allowUnreadable: true }));
    await expect(refused).rejects.toMatchObject({ code: 'P2P_SOURCE_UNREADABLE' });
    await chmod(at('top/closed'), 0o755);
  });
});

describe('a path that is longer than the system takes', () => {
  it('is refused for that', async () => {
    // Deeper than any path to it may be long, and for that made step by step.
    const name = 'd'.repeat(200);
    execFileSync(
      'sh',
      ['-c', `for i in $(seq 25); do mkdir ${name} && cd -P ${name} || exit; done`],
      {
        cwd: directory,
      },
    );
    await expect(scan([name])).rejects.toMatchObject({ code: 'P2P_NAME_REFUSED' });
    // Which Node does not remove.
    execFileSync('rm', ['-r', at(name)]);
  });
});

describe('names in folders', () => {
  it('are refused where no receiver would take them, with their path', async () => {
    await plant('top/what?');
    const refused = { code: 'P2P_NAME_REFUSED', path: at('top/what?') };
    await expect(scan(['top'])).rejects.toMatchObject(refused);
    expect(await found(['top'], { exclude: ['what?'] })).toEqual(['top/']);
  });

  it('are refused where they are not UTF-8, unless they are left out', async () => {
    await plant('top/a');
    const name = Buffer.concat([Buffer.from(`${at('top')}/`), Buffer.from([0x62, 0xff])]);
    await writeFile(name, '');
    await expect(scan(['top'])).rejects.toMatchObject({ code: 'P2P_NAME_REFUSED' });
    expect(await found(['top'], { exclude: ['b*'] })).toEqual(['top/', 'top/a']);
  });

  it('are encoded where not every system takes them, and what links say of them, if that is wanted', async () => {
    await plant('a:b/c?/d.', 'a:b/100%');
    await symlink('c?/../c?/d.', at('a:b/link'));
    await symlink('c?/d.', at('a:b/e '));
    await expect(scan(['a:b'])).rejects.toMatchObject({ code: 'P2P_NAME_REFUSED' });
    const { pathOf } = await scan(['a:b'], { encodeNames: true });
    const paths = ['a:b', 'a:b/100%', 'a:b/c?', 'a:b/c?/d.', 'a:b/e '];
    expect(paths.map((_, entry) => pathOf(entry))).toEqual(paths.map(at));
    expect(await found(['a:b'], { encodeNames: true })).toEqual([
      'a%3Ab/',
      'a%3Ab/100%',
      'a%3Ab/c%3F/',
      'a%3Ab/c%3F/d%2E',
      'a%3Ab/e%20 -> c%3F/d%2E',
    ]);
  });

  it('are refused where they meet on a target that folds case', async () => {
    await plant('top/readme', 'top/README');
    await expect(scan(['top'])).rejects.toMatchObject({ code: 'P2P_NAME_REFUSED' });
  });
});

describe('symbolic links', () => {
  beforeEach(async () => {
    await plant('top/sub/file', 'outside');
    await symlink('sub/file', at('top/inner'));
    await symlink('../sub', at('top/sub/loop'));
    await symlink('../outside', at('top/outer'));
    await symlink('nowhere', at('top/dangling'));
  });

  it('are kept where they stay inside, also to nothing', async () => {
    const { omitted } = await scan(['top']);
    expect(omitted.links).toBe(1);
    expect(await found(['top'])).toEqual([
      'top/',
      'top/dangling -> nowhere',
      'top/inner -> sub/file',
      'top/sub/',
      'top/sub/file',
      'top/sub/loop -> ../sub',
    ]);
  });

  it('are followed if somebody wants it, but never round and round', async () => {
    const all = ['top/', 'top/inner', 'top/outer', 'top/sub/', 'top/sub/file'];
    expect(await found(['top'], { symlinks: 'follow' })).toEqual(all);
    expect((await scan(['top'], { symlinks: 'follow' })).omitted.links).toBe(2);
  });

  it('are left out if somebody wants that', async () => {
    expect(await found(['top'], { symlinks: 'skip' })).toEqual([
      'top/',
      'top/sub/',
      'top/sub/file',
    ]);
    expect((await scan(['top'], { symlinks: 'skip' })).omitted.links).toBe(4);
  });

  it('that are named are followed, under their own names', async () => {
    await symlink('top', at('alias'));
    expect((await found(['alias'])).slice(0, 2)).toEqual(['alias/', 'alias/dangling -> nowhere']);
  });
});

describe('what is left out', () => {
  it('is said by patterns as in a .gitignore, from each folder that is named', async () => {
    await plant('top/a.log', 'top/sub/b.log', 'top/build/x', 'top/sub/build/x', 'top/keep.log');
    const exclude = ['*.log', '!keep.log', '/build'];
    expect(await found(['top'], { exclude })).toEqual([
      'top/',
      'top/keep.log',
      'top/sub/',
      'top/sub/build/',
      'top/sub/build/x',
    ]);
    expect((await scan(['top'], { exclude })).omitted.excluded).toBe(3);
  });

  it('is what an unfinished transfer has there, which nobody could receive', async () => {
    await plant('top/.p2pshare-0a1b2c3d/tree/half', 'top/whole');
    const { omitted } = await scan(['top']);
    expect(omitted.excluded).toBe(1);
    expect(await found(['top'])).toEqual(['top/', 'top/whole']);
  });

  it('is not what a person has named, nor a file of such a name', async () => {
    await plant('.p2pshare-0a1b2c3d/tree/half', 'top/.p2pshare-file');
    for (const path of ['.p2pshare-0a1b2c3d', 'top']) {
      await expect(scan([path])).rejects.toMatchObject({ code: 'P2P_NAME_REFUSED' });
    }
  });

  it('is said by the .gitignore of each folder, the deepest first', async () => {
    await plant('top/a.log', 'top/sub/a.log', 'top/sub/deep/b.log', 'top/sub/deep/c');
    await writeFile(at('top/.gitignore'), '*.log\n');
    await writeFile(at('top/sub/.gitignore'), '!a.log\n/deep/c\n');
    expect(await found(['top'], { gitignore: true })).toEqual([
      'top/',
      'top/.gitignore',
      'top/sub/',
      'top/sub/.gitignore',
      'top/sub/a.log',
      'top/sub/deep/',
    ]);
    expect(await found(['top'])).toContain('top/sub/deep/c');
  });
});
