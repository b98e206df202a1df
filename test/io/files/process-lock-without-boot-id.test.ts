import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import process from 'node:process';
import { expect, it, onTestFinished, vi } from 'vitest';
import { ProcessLock } from '../../../src/io/files/process-lock.ts';
import { StateFolder } from '../../../src/io/files/state-folder.ts';

vi.mock('node:fs/promises', async (importOriginal) => {
  const original = await importOriginal<typeof import('node:fs/promises')>();
  // All that is refused on Android, where the rest of /proc is there.
  const refused = (path: unknown) => path === '/proc/sys/kernel/random/boot_id';
  const missing = () => Promise.reject(Object.assign(new Error('ENOENT'), { code: 'ENOENT' }));
  return {
    ...original,
    readFile: (path: string, encoding: 'latin1') =>
      refused(path) ? missing() : original.readFile(path, encoding),
  };
});

it('where nobody tells which start of the machine it is, a name is taken as long as there is a process of that number', async () => {
  const path = mkdtempSync(join(tmpdir(), 'p2pshare-lock-'));
  onTestFinished(() => rmSync(path, { recursive: true, force: true }));
  const folder = await StateFolder.open(path);
  onTestFinished(() => folder.close());
  const holder = spawn(process.execPath, ['-e', 'setInterval(() => {}, 1000)']);
  await once(holder, 'spawn');
  writeFileSync(join(path, 'a.lock'), `${holder.pid} `, { mode: 0o600 });
  expect(await ProcessLock.take(folder, 'a.lock')).toBeUndefined();
  holder.kill('SIGKILL');
  await once(holder, 'exit');
  expect(await ProcessLock.take(folder, 'a.lock')).toBeDefined();
  expect(await ProcessLock.isTaken(folder, 'a.lock')).toBe(true);
});
