import { existsSync } from 'node:fs';
import { appendFile, mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { beforeAll, describe, expect } from 'vitest';
import { ensureBuilt } from './support/build.ts';
import { expectFailure, expectSuccess } from './support/expectations.ts';
import { groupServer } from './support/group-server.ts';
import { sha256, writeSample } from './support/sample.ts';
import { ENDLESS, offered, underWay } from './support/scenes.ts';
import { contents, finalContents } from './support/stage.ts';
import { it } from './support/staged.ts';

/** A peer that is told leaves at once; one that is not would wait for 10 minutes. */
const TOLD_WITHIN_MS = 2_000;
/** A code that nobody has: nameplates are drawn at random, and this is one in a million. */
const NOBODYS_CODE = '123456-acorn-velvet-harbor';
/** A server that has just started expects senders of before for 20 s. */
const KNOWS_BETTER_MS = 40_000;

beforeAll(ensureBuilt);

describe.concurrent('a code', () => {
  const server = groupServer();

  it('that is wrong is refused, and the right one still works', async ({ stage }) => {
    const { sender, code, receive, out } = await offered(stage, server(), 1000);
    const wrong = receive({ code: code.replace(/-.*/, '-acorn-velvet-harbor') });
    await expectFailure(wrong, { code: 'P2P_CODE_MISMATCH', exit: 4 });
    expect(await sender.event('peer')).toMatchObject({ state: 'wrong-code', attemptsLeft: 2 });
    expect(await contents(out)).toEqual([]);
    await expectSuccess(receive(), sender);
    expect(await contents(out)).toEqual(['sample.bin']);
  });

  it('that nobody sends under is unknown', async ({ stage }) => {
    const out = await stage.folder();
    const receiver = stage.receive(NOBODYS_CODE, { out, server: server().endpoint });
    await receiver.exit(KNOWS_BETTER_MS);
    await expectFailure(receiver, { code: 'P2P_CODE_UNKNOWN', exit: 3 });
    expect(await contents(out)).toEqual([]);
  });

  it('works once', async ({ stage }) => {
    const { sender, receive } = await offered(stage, server(), 1000);
    await expectSuccess(receive(), sender);
    const late = await stage.folder();
    await expectFailure(receive({ out: late }), { code: 'P2P_CODE_USED', exit: 3 });
    expect(await contents(late)).toEqual([]);
  });

  it('is of no use to a second receiver while the first one receives', async ({ stage }) => {
    const { receiver, receive } = await underWay(stage, server(), ENDLESS);
    const second = receive({ out: await stage.folder() });
    await expectFailure(second, { code: 'P2P_CODE_USED', exit: 3 });
    expect(receiver.all('error')).toEqual([]);
  });

  it('is not followed where nobody can be asked', async ({ stage }) => {
    const flags = ['--json', '--out', await stage.folder(), '--server', server().endpoint];
    const receiver = stage.start(['receive', ...flags, NOBODYS_CODE]);
    await expectFailure(receiver, { code: 'P2P_USAGE', exit: 2 });
    expect(receiver.all('status')).toEqual([]);
  });
});

describe.concurrent('a source', () => {
  const server = groupServer();

  it('that is not there ends the command before there is a code', async ({ stage }) => {
    const file = join(await stage.folder(), 'nothing');
    const sender = stage.send(file, { server: server().endpoint });
    await expectFailure(sender, { code: 'P2P_SOURCE_MISSING', exit: 10 });
    expect(sender.all('code')).toEqual([]);
  });

  it('that is a device is refused', async ({ stage }) => {
    const sender = stage.send('/dev/null', { server: server().endpoint });
    await expectFailure(sender, { code: 'P2P_SOURCE_UNREADABLE', exit: 10 });
  });

  it('that changes on the way fails on both sides', async ({ stage }) => {
    const { sender, receiver, file, out } = await underWay(stage, server(), ENDLESS);
    await appendFile(file, 'more');
    await expectFailure(sender, { code: 'P2P_SOURCE_CHANGED', exit: 8 });
    await expectFailure(receiver, { code: 'P2P_SOURCE_CHANGED', exit: 8 });
    expect(await finalContents(out)).toEqual([]);
  });
});

// One after another: how soon somebody is told is measured.
describe('an interruption', () => {
  const server = groupServer();

  it.for([
    ['sender', 'SIGINT', 130],
    ['sender', 'SIGHUP', 129],
    ['receiver', 'SIGTERM', 143],
  ] as const)('of the %s by %s is told to the other side', async (row, { stage }) => {
    const [who, signal, exit] = row;
    const { sender, receiver, out } = await underWay(stage, server(), ENDLESS);
    const [interrupted, other] = who === 'sender' ? [sender, receiver] : [receiver, sender];
    const before = performance.now();
    interrupted.signal(signal);
    await other.event('error');
    expect(performance.now() - before).toBeLessThan(TOLD_WITHIN_MS);
    await expectFailure(other, { code: 'P2P_CANCELLED', exit: 5 });
    expect(other.stderr).toContain('the other side cancelled the transfer');
    expect(other.events.at(-1)).toMatchObject({ by: 'peer' });
    expect(interrupted.events.at(-1)).not.toHaveProperty('by');
    expect(await interrupted.exit()).toEqual({ code: exit, signal: null });
    expect(interrupted.events.at(-1)).toMatchObject({ event: 'error', code: 'P2P_CANCELLED' });
    // What has come stays, and who stopped it is told how to go on.
    const hint = /^p2pshare: interrupted\np2pshare: hint: the same code works for a day[^\n]+\n$/;
    expect(interrupted.stderr).toMatch(hint);
    expect(other.stderr).toContain('the same code works for a day');
    expect(await finalContents(out)).toEqual([]);
  });

  it('after the last byte comes too late to fail anything', async ({ stage }) => {
    const { sender, receive, out } = await offered(stage, server(), 1000);
    const receiver = receive();
    await Promise.all([receiver.event('file'), sender.event('file')]);
    receiver.signal('SIGTERM');
    sender.signal('SIGTERM');
    await expectSuccess(sender, receiver);
    expect(await contents(out)).toEqual(['sample.bin']);
  });

  it('of a waiting sender takes its code back', async ({ stage }) => {
    const { sender, receive } = await offered(stage, server(), 1000);
    sender.signal('SIGINT');
    expect(await sender.exit()).toEqual({ code: 130, signal: null });
    expect(await receive().exit()).toEqual({ code: 3, signal: null });
  });

  it('of the server does not disturb a direct transfer', async ({ stage }) => {
    const own = await stage.server();
    const { sender, receiver, file, out } = await underWay(stage, own, 64 * 2 ** 20);
    own.program.signal('SIGKILL');
    await expectSuccess(sender, receiver);
    expect(await sha256(join(out, 'sample.bin'))).toBe(await sha256(file));
  });
});

describe.concurrent('a terminal that goes away', () => {
  const server = groupServer();

  it('is nothing to who was started by nohup, which other signals end all the same', async ({
    stage,
  }) => {
    const [folder, out] = await Promise.all([stage.folder(), stage.folder()]);
    const file = join(folder, 'sample.bin');
    await writeSample(file, 1000);
    const where = { server: server().endpoint, env: { _: '/usr/bin/nohup' } };
    const sender = stage.send(file, where);
    const { code } = await sender.event('code');
    sender.signal('SIGHUP');
    await expectSuccess(sender, stage.receive(code, { ...where, out }));
    const waiting = stage.send(file, where);
    await waiting.event('code');
    waiting.signal('SIGHUP');
    waiting.signal('SIGTERM');
    expect(await waiting.exit()).toEqual({ code: 143, signal: null });
  });
});

describe.concurrent('a server that does not answer', () => {
  it.for(['send', 'receive'])(
    'does not keep %s waiting beyond its --timeout',
    async (command, { stage }) => {
      const folder = await stage.folder();
      await writeFile(join(folder, 'sample.bin'), 'text');
      // Whoever is ended this way leaves a port that nobody listens on.
      const gone = await stage.server();
      await gone.program.end();
      const where = { server: gone.endpoint, flags: ['--timeout', '500ms'] };
      const program =
        command === 'send'
          ? stage.send(join(folder, 'sample.bin'), where)
          : stage.receive(NOBODYS_CODE, { ...where, out: folder });
      await expectFailure(program, { code: 'P2P_TIMEOUT', exit: 6 });
      expect(await contents(folder)).toEqual(['sample.bin']);
    },
  );
});

describe.skipIf(!existsSync('/dev/full'))('standard output that has no room', () => {
  const server = groupServer();
  const full = '"$0" "$@" > /dev/full';

  it.for([['status'], ['config', 'path'], ['--help'], ['completion', 'bash']])(
    'is an error of %j',
    async (command, { stage }) => {
      // One that is under way, for the status of it.
      await offered(stage, server(), 1000);
      await expect(stage.shell(full, ...command)).rejects.toMatchObject({
        code: 10,
        stderr: expect.stringMatching(/^p2pshare: error: there is no space left/),
      });
    },
  );

  it('is nothing to who writes nothing there', async ({ stage }) => {
    const { stderr } = await stage.shell(full, 'status');
    expect(stderr).toBe('there are no unfinished transfers\n');
  });
});

describe('a working folder', () => {
  it('that is gone is said to be, and nothing of our inside', async ({ stage }) => {
    const folder = join(await stage.folder(), 'gone');
    await mkdir(folder);
    const script = 'cd "$2" && rmdir "$2" && exec "$0" "$1" send /etc/hostname';
    await expect(stage.shell(script, folder)).rejects.toMatchObject({
      code: 10,
      stderr: expect.stringMatching(
        /^p2pshare: error: the folder .* is gone\np2pshare: hint: .*\n$/,
      ),
    });
  });
});
