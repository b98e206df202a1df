import { execFileSync } from 'node:child_process';
import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterEach, beforeAll, describe, expect } from 'vitest';
import { ensureBuilt } from './support/build.ts';
import { expectFailure, expectSuccess } from './support/expectations.ts';
import { groupServer } from './support/group-server.ts';
import { mountTmpfs, unmountAll, whyNoMounts } from './support/mount.ts';
import type { Program } from './support/program.ts';
import { sha256 } from './support/sample.ts';
import { type Offered, offered } from './support/scenes.ts';
import { contents, finalContents, type Stage } from './support/stage.ts';
import { it } from './support/staged.ts';

const MIB = 2 ** 20;

const noMounts = whyNoMounts();
if (noMounts) console.warn(`destinations: some tests are skipped: ${noMounts}`);

beforeAll(ensureBuilt);
const server = groupServer();

describe.concurrent('a destination that exists', () => {
  it('stays as it is, by default', async ({ stage }) => {
    const { sender, receiver, out } = await conflict(stage);
    await expectFailure(receiver, { code: 'P2P_TARGET_EXISTS', exit: 9 });
    await expectFailure(sender, { code: 'P2P_TARGET_EXISTS', exit: 9 });
    expect(await contents(out)).toEqual(['sample.bin']);
    expect(await readFile(join(out, 'sample.bin'), 'utf8')).toBe('old');
  });

  it('is skipped, which is a success', async ({ stage }) => {
    const { sender, receiver, out } = await conflict(stage, 'skip');
    await expectSuccess(receiver);
    expect(receiver.all('file')).toEqual([
      { event: 'file', path: join(out, 'sample.bin'), bytes: 0, status: 'skipped' },
    ]);
    await expectFailure(sender, { code: 'P2P_TARGET_EXISTS', exit: 9 });
    expect(await contents(out)).toEqual(['sample.bin']);
    expect(await readFile(join(out, 'sample.bin'), 'utf8')).toBe('old');
  });

  it('keeps its name when the new one is renamed', async ({ stage }) => {
    const { sender, receiver, out, file } = await conflict(stage, 'rename');
    await expectSuccess(sender, receiver);
    const renamed = join(out, 'sample (1).bin');
    expect(receiver.all('file')).toMatchObject([{ path: renamed, status: 'renamed' }]);
    expect(await contents(out)).toEqual(['sample (1).bin', 'sample.bin']);
    expect(await readFile(join(out, 'sample.bin'), 'utf8')).toBe('old');
    expect(await sha256(renamed)).toBe(await sha256(file));
  });

  it('is replaced only when that is asked for', async ({ stage }) => {
    const { sender, receiver, out, file } = await conflict(stage, 'overwrite');
    await expectSuccess(sender, receiver);
    expect(receiver.all('file')).toMatchObject([{ status: 'overwritten' }]);
    expect(await contents(out)).toEqual(['sample.bin']);
    expect(await sha256(join(out, 'sample.bin'))).toBe(await sha256(file));
  });
});

describe('a destination', () => {
  it('in a folder that is not there is refused before the code is spent', async ({ stage }) => {
    const { sender, receive, out } = await offered(stage, server(), 1000);
    const receiver = receive({ out: join(out, 'nothing', 'there') });
    await expectFailure(receiver, { code: 'P2P_TARGET_UNWRITABLE', exit: 10 });
    expect(await contents(out)).toEqual([]);
    await expectSuccess(sender, receive());
  });
});

describe.skipIf(noMounts)('a destination on a file system', () => {
  afterEach(unmountAll);

  it('that is read-only is refused', async ({ stage }) => {
    const { receive, out } = await offered(stage, server(), 1000);
    mountTmpfs(out, 'ro');
    await expectFailure(receive(), { code: 'P2P_TARGET_UNWRITABLE', exit: 10 });
  });

  it('that is too small is refused before any data comes', async ({ stage }) => {
    const { sender, receive, out } = await offered(stage, server(), 30 * MIB, true);
    mountTmpfs(out, 'size=8m');
    const receiver = receive();
    await expectFailure(receiver, { code: 'P2P_DISK_FULL', exit: 10 });
    await expectFailure(sender, { code: 'P2P_DISK_FULL', exit: 10 });
    expect(receiver.all('progress')).toEqual([]);
    expect(await contents(out)).toEqual([]);
  });

  it('that fills up on the way shows nothing of the file', async ({ stage }) => {
    const { sender, receive, out } = await offered(stage, server(), 400 * MIB, true);
    mountTmpfs(out, 'size=512m');
    const receiver = receive();
    await receiver.event('progress', ({ bytes }) => bytes > 0);
    execFileSync('fallocate', ['--length', '300M', join(out, 'filler')]);
    await expectFailure(receiver, { code: 'P2P_DISK_FULL', exit: 10 });
    await expectFailure(sender, { code: 'P2P_DISK_FULL', exit: 10 });
    expect(await finalContents(out)).toEqual(['filler']);
  });
});

/** A receiver whose destination holds something old. */
async function conflict(
  stage: Stage,
  policy?: string,
): Promise<Offered & { readonly receiver: Program }> {
  const offer = await offered(stage, server(), 1000);
  await writeFile(join(offer.out, 'sample.bin'), 'old');
  const flags = policy === undefined ? [] : ['--on-conflict', policy];
  return { ...offer, receiver: offer.receive({ flags }) };
}
