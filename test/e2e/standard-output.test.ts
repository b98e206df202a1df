import { execFileSync } from 'node:child_process';
import { readFile } from 'node:fs/promises';
import { PassThrough } from 'node:stream';
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

  it('passes on what comes through a pipe as it comes', async ({ stage }) => {
    const folder = await stage.folder();
    const fifo = `${folder}/heard`;
    execFileSync('mkfifo', [fifo]);
    const input = new PassThrough();
    const sender = stage.send('-', { server: server().endpoint, input });
    const { code } = await sender.event('code');
    const received = receiveInto(`{ read -r line; echo "$line" >'${fifo}'; cat; }`, stage, code);
    input.write('one\n');
    expect(await readFile(fifo, 'utf8')).toBe('one\n');
    input.end('two\n');
    expect(await received).toEqual({ status: '0', printed: 'two' });
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
