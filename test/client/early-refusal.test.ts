import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { receive } from '../../src/client/receive.ts';
import { send } from '../../src/client/send.ts';

const code = '4821-acorn-velvet-harbor';
let folder: string;

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'p2pshare-early-'));
});

afterEach(() => rm(folder, { recursive: true, force: true }));

describe('before anybody is asked anything', () => {
  // Nobody listens there: whoever asked would be told that no server answered, 15 s later.
  const servers = ['127.0.0.1:9'];

  it.each(['missing/', 'missing/copy.bin'])(
    'a receiver is told that it cannot write to %s',
    async (out) => {
      const { result } = receive({ code, servers, lan: false, out: join(folder, out) });
      await expect(result).rejects.toMatchObject({ code: 'P2P_TARGET_UNWRITABLE' });
    },
  );

  it('a receiver is told that the name to write to is taken, unless it says what to do', async () => {
    const out = join(folder, 'taken.bin');
    await writeFile(out, 'old');
    const { result } = receive({ code, servers, lan: false, out });
    await expect(result).rejects.toMatchObject({ code: 'P2P_TARGET_EXISTS' });
    expect(await readFile(out, 'utf8')).toBe('old');
    const asked = receive({ code, servers, lan: false, out, onConflict: 'rename', timeoutMs: 1 });
    await expect(asked.result).rejects.toMatchObject({ code: 'P2P_TIMEOUT' });
  });

  it.each([1, 2])(
    'a sender to %i is told that a name in a folder will not do',
    async (receivers) => {
      await writeFile(join(folder, 'what?.txt'), 'x');
      const { result } = send({ paths: [folder], servers, lan: false, receivers });
      const path = join(folder, 'what?.txt');
      await expect(result).rejects.toMatchObject({ code: 'P2P_NAME_REFUSED', path });
    },
  );

  it.each([{ lan: false }, { route: 'relay' as const }])(
    'both sides are told that they need a server with %o',
    async (options) => {
      const file = import.meta.filename;
      for (const { result } of [
        receive({ code, ...options }),
        send({ paths: [file], ...options }),
      ]) {
        await expect(result).rejects.toMatchObject({ code: 'P2P_USAGE' });
      }
    },
  );
});
