import { execFileSync } from 'node:child_process';
import {
  chmodSync,
  existsSync,
  linkSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  rmSync,
  statSync,
  symlinkSync,
  truncateSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { type FileSystem, NODE_FILE_SYSTEM } from '../../../src/io/files/file-system.ts';
import {
  MAX_STATE_BYTES,
  StateFolder,
  type StateRead,
} from '../../../src/io/files/state-folder.ts';

let parent: string;
let path: string;
const opened: StateFolder[] = [];

beforeEach(() => {
  parent = mkdtempSync(join(tmpdir(), 'p2pshare-state-'));
  path = join(parent, 'deep', 'state');
});

afterEach(async () => {
  for (const folder of opened.splice(0)) await folder.close();
  rmSync(parent, { recursive: true, force: true });
});

async function open(files?: FileSystem): Promise<StateFolder> {
  const folder = await StateFolder.open(path, files);
  opened.push(folder);
  return folder;
}

function utf8(text: string): Uint8Array {
  return new TextEncoder().encode(text);
}

describe('a state folder', () => {
  it('is made for its user alone, and so are its files', async () => {
    const folder = await open();
    await folder.write('a.json', utf8('one'));
    await folder.write('a.json', utf8('two'));
    expect(statSync(path).mode & 0o777).toBe(0o700);
    expect(statSync(join(path, 'a.json')).mode & 0o777).toBe(0o600);
    expect(await folder.read('a.json')).toEqual({ kind: 'bytes', bytes: utf8('two') });
    expect(await folder.names()).toEqual(['a.json']);
  });

  it.skipIf(!existsSync('/proc/self'))('is given up where nothing can be made', async () => {
    path = '/proc/p2pshare/deep/state';
    await expect(open()).rejects.toMatchObject({ code: 'ENOENT' });
  });

  it('says of a file that is not there that it is missing', async () => {
    expect(await (await open()).read('a.json')).toEqual({ kind: 'missing' });
  });

  it('forgets what is removed, with what an interrupted write has left', async () => {
    const folder = await open();
    await folder.write('a.json', utf8('one'));
    writeFileSync(join(path, 'a.json.new'), 'half');
    await folder.remove('a.json');
    await folder.remove('a.json');
    expect(await folder.names()).toEqual([]);
  });

  it('writes over what an interrupted write has left', async () => {
    const folder = await open();
    writeFileSync(join(path, 'a.json.new'), 'half');
    await folder.write('a.json', utf8('one'));
    expect(await folder.read('a.json')).toEqual({ kind: 'bytes', bytes: utf8('one') });
  });

  it('makes a file once', async () => {
    const folder = await open();
    expect(await folder.create('a.lock', utf8('one'))).toBe(true);
    expect(await folder.create('a.lock', utf8('two'))).toBe(false);
    expect(await folder.read('a.lock')).toEqual({ kind: 'bytes', bytes: utf8('one') });
  });

  it.each(['EPERM', 'EACCES', 'ENOTSUP'])(
    'makes a file once without hard links: %s',
    async (code) => {
      const files: FileSystem = {
        ...NODE_FILE_SYSTEM,
        link: () => Promise.reject(Object.assign(new Error(code), { code })),
        renameNew: async () => undefined,
      };
      const folder = await open(files);
      expect(await folder.create('a.lock', utf8('one'))).toBe(true);
      expect(await folder.create('a.lock', utf8('two'))).toBe(false);
      expect(await folder.read('a.lock')).toEqual({ kind: 'bytes', bytes: utf8('one') });
      expect(await folder.names()).toEqual(['a.lock']);
    },
  );
});

describe.skipIf(process.platform === 'win32')('a state folder is refused', () => {
  it.each([0o777, 0o750, 0o701])('that others may enter: %o', async (mode) => {
    mkdirSync(path, { recursive: true });
    chmodSync(path, mode);
    await expect(StateFolder.open(path)).rejects.toMatchObject({ code: 'P2P_STATE_UNSAFE' });
  });

  it('that is a link to another one', async () => {
    const elsewhere = join(parent, 'elsewhere');
    mkdirSync(elsewhere, { mode: 0o700 });
    mkdirSync(join(parent, 'deep'));
    symlinkSync(elsewhere, path);
    await expect(StateFolder.open(path)).rejects.toMatchObject({ code: 'P2P_STATE_UNSAFE' });
  });

  it.skipIf(process.getuid?.() !== 0)('that is another user’s', async () => {
    mkdirSync(path, { recursive: true, mode: 0o700 });
    execFileSync('chown', ['65534', path]);
    await expect(StateFolder.open(path)).rejects.toMatchObject({ code: 'P2P_STATE_UNSAFE' });
  });
});

describe.skipIf(process.platform === 'win32')('a file of a state folder is not believed', () => {
  const PLANTS: Readonly<Record<string, readonly [string, (file: string) => void]>> = {
    'that others may read': ['open-to-others', (file) => writeMode(file, 0o604)],
    'that others may write': ['open-to-others', (file) => writeMode(file, 0o620)],
    'that is a link': ['not-a-file', (file) => symlinkSync(writeMode(`${file}.real`, 0o600), file)],
    'that is a dangling link': ['not-a-file', (file) => symlinkSync('nowhere', file)],
    'that is a folder': ['not-a-file', (file) => mkdirSync(file, { mode: 0o700 })],
    'that is a pipe': ['not-a-file', (file) => execFileSync('mkfifo', ['-m', '600', file])],
    'that is too large': [
      'too-large',
      (file) => truncateSync(writeMode(file, 0o600), MAX_STATE_BYTES + 1),
    ],
  };
  it.each(Object.entries(PLANTS))('%s', async (_name, [why, plant]) => {
    const folder = await open();
    plant(join(path, 'a.json'));
    expect(await folder.read('a.json')).toEqual<StateRead>({
      kind: 'refused',
      why: why as 'not-a-file',
    });
  });

  it.skipIf(process.getuid?.() !== 0)('that is another user’s', async () => {
    const folder = await open();
    execFileSync('chown', ['65534', writeMode(join(path, 'a.json'), 0o600)]);
    expect(await folder.read('a.json')).toEqual({ kind: 'refused', why: 'not-yours' });
  });

  it('and a write replaces the link, not what it leads to', async () => {
    const folder = await open();
    const victim = writeMode(join(parent, 'victim'), 0o600);
    for (const name of ['a.json', 'a.json.new']) symlinkSync(victim, join(path, name));
    await folder.write('a.json', utf8('new'));
    expect(readdirSync(path)).toEqual(['a.json']);
    expect(await folder.read('a.json')).toEqual({ kind: 'bytes', bytes: utf8('new') });
    expect(statSync(victim).size).toBe('planted'.length);
    linkSync(victim, join(parent, 'still there'));
  });
});

function writeMode(file: string, mode: number): string {
  writeFileSync(file, 'planted');
  chmodSync(file, mode);
  return file;
}
