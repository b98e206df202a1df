import { lstat, mkdtemp, readFile, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, it, onTestFinished } from 'vitest';
import { changeConfig } from '../../../src/cli/settings/config-file.ts';

it('changes the file that a link leads to, and leaves the link', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'p2pshare-config-'));
  onTestFinished(() => rm(folder, { recursive: true }));
  const kept = join(folder, 'kept-elsewhere.toml');
  const path = join(folder, 'config.toml');
  await writeFile(kept, 'limit = "1MB/s"\n');
  await symlink(kept, path);
  await changeConfig(path, 'limit', '2MB/s');
  expect((await lstat(path)).isSymbolicLink()).toBe(true);
  expect(await readFile(kept, 'utf8')).toBe('limit = "2MB/s"\n');
});
