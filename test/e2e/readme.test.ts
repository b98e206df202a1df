import { execFile } from 'node:child_process';
import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { afterEach, beforeAll, describe, expect, it } from 'vitest';
import { CLI, ensureBuilt } from './support/build.ts';
import { Stage } from './support/stage.ts';

const run = promisify(execFile);
const README = join(import.meta.dirname, '../../README.md');
const stage = new Stage();

beforeAll(ensureBuilt);
afterEach(() => stage.clear());

describe("the README's script", () => {
  it('hands the code on while the sender waits', { timeout: 60_000 }, async () => {
    const folder = await stage.folder();
    await writeFile(join(folder, 'FILE'), 'what a script sends');
    const { endpoint } = await stage.server();
    const [line] = /^p2pshare send .* \| .*$/m.exec(await readFile(README, 'utf8')) ?? [];
    // The other machine is this one, and the receiver's folder another.
    const here = line?.replace('ssh HOST p2pshare receive', 'p2pshare receive --out copy');
    const script = `p2pshare() { "${process.execPath}" "${CLI}" "$@" --no-lan; }\n${here}`;
    await run('sh', ['-c', script], {
      cwd: folder,
      env: { ...process.env, P2PSHARE_SERVER: endpoint },
      timeout: 50_000,
    });
    expect(await readFile(join(folder, 'copy'), 'utf8')).toBe('what a script sends');
  });
});
