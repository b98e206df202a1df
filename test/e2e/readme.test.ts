import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterEach, beforeAll, describe, expect, it } from 'vitest';
import { ensureBuilt } from './support/build.ts';
import { contents, Stage } from './support/stage.ts';

const README = join(import.meta.dirname, '../../README.md');
const stage = new Stage();

beforeAll(ensureBuilt);
afterEach(() => stage.clear());

describe("the README's script", { timeout: 60_000 }, () => {
  it('hands the code on while the sender waits', async () => {
    const folder = await stage.folder();
    await writeFile(join(folder, 'FILE'), 'what a script sends');
    await mkdir(join(folder, 'HOST'));
    await runScript(folder, '( cd "$1" && shift && "$@" )');
    expect(await readFile(join(folder, 'HOST', 'FILE'), 'utf8')).toBe('what a script sends');
  });

  it('calls nobody when there is nothing to send', async () => {
    const folder = await stage.folder();
    await expect(runScript(folder, 'touch called')).rejects.toMatchObject({ code: 1 });
    expect(await contents(folder)).toEqual([]);
  });

  it('ends when the other machine cannot be called', async () => {
    const folder = await stage.folder();
    await writeFile(join(folder, 'FILE'), 'what nobody gets');
    const script = runScript(folder, 'false', (line) =>
      line.replace('--timeout 1m', '--timeout 1s'),
    );
    await expect(script).rejects.toMatchObject({ killed: false, code: 1 });
  });
});

/** Runs it, with a server of the stage, and with what another machine does in place of `ssh`. */
async function runScript(cwd: string, ssh: string, change = (line: string) => line): Promise<void> {
  const { endpoint } = await stage.server();
  const [line = ''] = /^p2pshare send .* \| .*$/m.exec(await readFile(README, 'utf8')) ?? [];
  const commands = [
    'cd "$2"',
    // Whoever is left over by a script that hangs ends as well.
    `node=$0 cli=$1 server=$3`,
    `p2pshare() { timeout 40 "$node" "$cli" "$@" --no-lan --server "$server"; }`,
    `ssh() { ${ssh}; }`,
    change(line),
  ];
  await stage.shell(commands.join('\n'), cwd, endpoint);
}
