import { readFile } from 'node:fs/promises';
import { beforeAll, describe, expect } from 'vitest';
import { ensureBuilt } from './support/build.ts';
import { expectFailure, expectSuccess } from './support/expectations.ts';
import { groupServer } from './support/group-server.ts';
import { sha256 } from './support/sample.ts';
import { offered } from './support/scenes.ts';
import type { Stage } from './support/stage.ts';
import { it } from './support/staged.ts';

const MIB = 2 ** 20;

beforeAll(ensureBuilt);
const server = groupServer();

describe.concurrent('a receiver that writes to a pipe', () => {
  it('writes the file and nothing else', async ({ stage }) => {
    const { sender, code, file } = await offered(stage, server(), 64 * MIB);
    const { status, printed } = await receiveInto('sha256sum', stage, code);
    expect(printed).toContain(await sha256(file));
    expect(status).toBe('0');
    await expectSuccess(sender);
  });

  it('ends with its reader, and so does the sender', async ({ stage }) => {
    const { sender, code, file } = await offered(stage, server(), 1024 * MIB);
    const { status, printed } = await receiveInto('head -c 16 | base64', stage, code);
    const first = (await readFile(file)).subarray(0, 16);
    expect(printed).toBe(first.toString('base64'));
    expect(status).toBe('141');
    await expectFailure(sender, { code: 'P2P_CANCELLED', exit: 5 });
  });
});

/** What `receive --out - | reader` prints, and how the receiver ends. */
async function receiveInto(
  reader: string,
  stage: Stage,
  code: string,
): Promise<{ readonly status: string; readonly printed: string }> {
  const status = `${await stage.folder()}/status`;
  const receive = '"$0" "$1" receive --yes --no-lan --server "$2" --out - "$3" 2>/dev/null';
  const script = `{ ${receive}; echo $? >"$4"; } | ${reader}`;
  const { stdout } = await stage.shell(script, server().endpoint, code, status);
  return { status: (await readFile(status, 'utf8')).trim(), printed: stdout.trim() };
}
