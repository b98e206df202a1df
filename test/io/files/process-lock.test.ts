import { execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { ProcessLock } from '../../../src/io/files/process-lock.ts';
import { StateFolder } from '../../../src/io/files/state-folder.ts';

let path: string;
let folder: StateFolder;

beforeEach(async () => {
  path = mkdtempSync(join(tmpdir(), 'p2pshare-lock-'));
  folder = await StateFolder.open(path);
});

afterEach(async () => {
  await folder.close();
  rmSync(path, { recursive: true, force: true });
});

describe('a name that a process has taken', () => {
  it('is nobody else’s until it is given back', async () => {
    const lock = await ProcessLock.take(folder, 'a.lock');
    expect(lock).toBeDefined();
    expect(await ProcessLock.take(folder, 'a.lock')).toBeUndefined();
    expect(await ProcessLock.isTaken(folder, 'a.lock')).toBe(true);
    await lock?.release();
    expect(await ProcessLock.isTaken(folder, 'a.lock')).toBe(false);
    expect(await ProcessLock.take(folder, 'a.lock')).toBeDefined();
  });

  it('is free when the process has been killed', async () => {
    const holder = spawn(process.execPath, ['-e', 'setInterval(() => {}, 1000)']);
    await once(holder, 'spawn');
    await ProcessLock.take(folder, 'own.lock');
    const own = await folder.read('own.lock');
    const text = own.kind === 'bytes' ? new TextDecoder().decode(own.bytes) : '';
    const started = startOf(holder.pid as number);
    const [, boot = ''] = text.split(' ');
    writeFileSync(join(path, 'a.lock'), `${holder.pid} ${boot}${started}`, { mode: 0o600 });
    expect(await ProcessLock.take(folder, 'a.lock')).toBeUndefined();
    holder.kill('SIGKILL');
    await once(holder, 'exit');
    expect(await ProcessLock.take(folder, 'a.lock')).toBeDefined();
    expect(await folder.names()).toEqual(['a.lock', 'own.lock']);
  });

  it.runIf(process.platform === 'linux')('is free when another has its number now', async () => {
    writeFileSync(join(path, 'a.lock'), `${process.pid} before-the-restart 1`, { mode: 0o600 });
    expect(await ProcessLock.isTaken(folder, 'a.lock')).toBe(false);
    expect(await ProcessLock.take(folder, 'a.lock')).toBeDefined();
  });

  it.each(['', 'nonsense', '-1 x 1', '0 x 1', '99999999999999 x 1'])(
    'is free when there is nonsense in it: %j',
    async (text) => {
      writeFileSync(join(path, 'a.lock'), text, { mode: 0o600 });
      expect(await ProcessLock.take(folder, 'a.lock')).toBeDefined();
    },
  );

  it('goes to one of many that ask at once', async () => {
    writeFileSync(join(path, 'a.lock'), '1 before-the-restart 1', { mode: 0o600 });
    const asked = Array.from({ length: 20 }, () => ProcessLock.take(folder, 'a.lock'));
    const taken = (await Promise.all(asked)).filter((lock) => lock !== undefined);
    expect(taken).toHaveLength(1);
    expect(await ProcessLock.isTaken(folder, 'a.lock')).toBe(true);
    expect(await folder.names()).toEqual(['a.lock']);
  });

  it('is free again after one that was taking it over has been killed', async () => {
    for (const name of ['a.lock', 'a.lock.turn']) {
      writeFileSync(join(path, name), '1 before-the-restart 1', { mode: 0o600 });
    }
    await ProcessLock.take(folder, 'a.lock');
    expect(await ProcessLock.take(folder, 'a.lock')).toBeDefined();
  });
});

/** The start of a process as the lock has it, with the blank in front; nothing outside Linux. */
function startOf(pid: number): string {
  if (process.platform !== 'linux') return '';
  const stat = execFileSync('cat', [`/proc/${pid}/stat`], { encoding: 'latin1' });
  return ` ${stat.slice(stat.lastIndexOf(')') + 2).split(' ')[19]}`;
}
