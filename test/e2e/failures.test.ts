import { execFileSync } from 'node:child_process';
import { appendFile, mkdir, readFile, truncate, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { ensureBuilt } from './support/build.ts';
import { expectFailure, expectSuccess } from './support/expectations.ts';
import { mountTmpfs, unmountAll, whyNoMounts } from './support/mount.ts';
import type { Program } from './support/program.ts';
import { sha256, writeSample } from './support/sample.ts';
import { contents, type Server, Stage } from './support/stage.ts';

const MIB = 2 ** 20;
const noMounts = whyNoMounts();
if (noMounts) console.warn(`failures: some tests are skipped: ${noMounts}`);

/** Nothing of this size is through before something has happened to it. */
const ENDLESS = 4096 * MIB;
/** A peer that is told leaves at once; one that is not would wait for 45 s. */
const TOLD_WITHIN_MS = 2_000;

const stage = new Stage();
const theatre = new Stage();
let server: Server;

beforeAll(ensureBuilt);
// A server takes ten claims of one address at once, so each group has its own.
async function freshServer(): Promise<void> {
  server = await theatre.server();
}
afterEach(async () => {
  await stage.clear();
});
afterAll(() => theatre.clear());

describe('a code', () => {
  beforeAll(freshServer);

  it('that is wrong is refused, and the right one still works', async () => {
    const { sender, code, out } = await offered(1000);
    const wrong = code.replace(/-.*/, '-acorn-velvet-harbor');
    await expectFailure(receive(wrong, out), { code: 'P2P_CODE_MISMATCH', exit: 4 });
    expect(await sender.event('peer')).toMatchObject({ state: 'wrong-code', attemptsLeft: 2 });
    expect(await contents(out)).toEqual([]);
    await expectSuccess(receive(code, out), sender);
    expect(await contents(out)).toEqual(['sample.bin']);
  });

  it('that nobody sends under is unknown', async () => {
    const out = await stage.folder();
    const receiver = receive('1000-acorn-velvet-harbor', out);
    await expectFailure(receiver, { code: 'P2P_CODE_UNKNOWN', exit: 3 });
    expect(await contents(out)).toEqual([]);
  });

  it('works once', async () => {
    const { sender, code, out } = await offered(1000);
    await expectSuccess(receive(code, out), sender);
    const late = await stage.folder();
    await expectFailure(receive(code, late), { code: 'P2P_CODE_USED', exit: 3 });
    expect(await contents(late)).toEqual([]);
  });

  it('is of no use to a second receiver while the first one receives', async () => {
    const { code, out } = await offered(ENDLESS);
    const first = receive(code, out);
    await first.event('progress', ({ bytes }) => bytes > 0);
    await expectFailure(receive(code, await stage.folder()), { code: 'P2P_CODE_USED', exit: 3 });
    expect(first.all('error')).toEqual([]);
  });

  it('is not followed where nobody can be asked', async () => {
    const out = await stage.folder();
    const args = ['receive', '--json', '--out', out, '--server', server.endpoint];
    const receiver = stage.start([...args, '1000-acorn-velvet-harbor']);
    await expectFailure(receiver, { code: 'P2P_USAGE', exit: 2 });
    expect(receiver.all('status')).toEqual([]);
  });
});

describe('a source', () => {
  beforeAll(freshServer);

  it('that is not there ends the command before there is a code', async () => {
    const sender = send(join(await stage.folder(), 'nothing'));
    await expectFailure(sender, { code: 'P2P_SOURCE_MISSING', exit: 10 });
    expect(sender.all('code')).toEqual([]);
  });

  it('that is a folder is refused', async () => {
    const folder = await stage.folder();
    await expectFailure(send(folder), { code: 'P2P_SOURCE_UNREADABLE', exit: 10 });
  });

  it('that changes on the way fails on both sides', async () => {
    const { sender, receiver, file, out } = await underWay(ENDLESS);
    await appendFile(file, 'more');
    await expectFailure(sender, { code: 'P2P_SOURCE_CHANGED', exit: 8 });
    await expectFailure(receiver, { code: 'P2P_SOURCE_CHANGED', exit: 8 });
    expect(await contents(out)).toEqual([]);
  });
});

describe('a destination that exists', () => {
  beforeAll(freshServer);

  it('stays as it is, by default', async () => {
    const { sender, receiver, out } = await onConflict();
    await expectFailure(receiver, { code: 'P2P_TARGET_EXISTS', exit: 9 });
    await expectFailure(sender, { code: 'P2P_TARGET_EXISTS', exit: 9 });
    expect(await contents(out)).toEqual(['sample.bin']);
    expect(await readFile(join(out, 'sample.bin'), 'utf8')).toBe('old');
  });

  it('is skipped, which is a success', async () => {
    const { sender, receiver, out } = await onConflict('skip');
    await expectSuccess(receiver);
    expect(receiver.all('file')).toEqual([
      { event: 'file', path: join(out, 'sample.bin'), bytes: 0, status: 'skipped' },
    ]);
    await expectFailure(sender, { code: 'P2P_TARGET_EXISTS', exit: 9 });
    expect(await contents(out)).toEqual(['sample.bin']);
    expect(await readFile(join(out, 'sample.bin'), 'utf8')).toBe('old');
  });

  it('keeps its name when the new one is renamed', async () => {
    const { sender, receiver, out, file } = await onConflict('rename');
    await expectSuccess(sender, receiver);
    expect(receiver.all('file')).toMatchObject([
      { path: join(out, 'sample (1).bin'), status: 'renamed' },
    ]);
    expect(await contents(out)).toEqual(['sample (1).bin', 'sample.bin']);
    expect(await readFile(join(out, 'sample.bin'), 'utf8')).toBe('old');
    expect(await sha256(join(out, 'sample (1).bin'))).toBe(await sha256(file));
  });

  it('is replaced only when that is asked for', async () => {
    const { sender, receiver, out, file } = await onConflict('overwrite');
    await expectSuccess(sender, receiver);
    expect(receiver.all('file')).toMatchObject([{ status: 'overwritten' }]);
    expect(await contents(out)).toEqual(['sample.bin']);
    expect(await sha256(join(out, 'sample.bin'))).toBe(await sha256(file));
  });

  async function onConflict(policy?: string): Promise<Offered & { readonly receiver: Program }> {
    const offer = await offered(1000);
    await writeFile(join(offer.out, 'sample.bin'), 'old');
    const flags = policy === undefined ? [] : ['--on-conflict', policy];
    return { ...offer, receiver: receive(offer.code, offer.out, flags) };
  }
});

describe('a destination', () => {
  beforeAll(freshServer);

  it('in a folder that is not there is refused, on both sides', async () => {
    const { sender, code, out } = await offered(1000);
    const receiver = receive(code, join(out, 'nothing', 'there'));
    await expectFailure(receiver, { code: 'P2P_TARGET_UNWRITABLE', exit: 10 });
    await expectFailure(sender, { code: 'P2P_TARGET_UNWRITABLE', exit: 10 });
    expect(await contents(out)).toEqual([]);
  });

  describe.skipIf(noMounts)('on a file system of its own', () => {
    afterEach(unmountAll);

    it('that is read-only is refused', async () => {
      const { code, out } = await offered(1000);
      await mountTmpfs(out, 'ro');
      const receiver = receive(code, out);
      await expectFailure(receiver, { code: 'P2P_TARGET_UNWRITABLE', exit: 10 });
    });

    it('that is too small is refused before any data comes', async () => {
      const { sender, code, out } = await offered(30 * MIB);
      await mountTmpfs(out, 'size=8m');
      const receiver = receive(code, out);
      await expectFailure(receiver, { code: 'P2P_DISK_FULL', exit: 10 });
      await expectFailure(sender, { code: 'P2P_DISK_FULL', exit: 10 });
      expect(receiver.all('progress')).toEqual([]);
      expect(await contents(out)).toEqual([]);
    });

    it('that fills up on the way keeps nothing of the file', async () => {
      const { sender, code, out } = await offered(400 * MIB);
      await mountTmpfs(out, 'size=512m');
      const receiver = receive(code, out);
      await receiver.event('progress', ({ bytes }) => bytes > 0);
      execFileSync('fallocate', ['--length', '300M', join(out, 'filler')]);
      await expectFailure(receiver, { code: 'P2P_DISK_FULL', exit: 10 });
      await expectFailure(sender, { code: 'P2P_DISK_FULL', exit: 10 });
      expect(await contents(out)).toEqual(['filler']);
    });
  });
});

describe('an interruption', () => {
  beforeAll(freshServer);

  it.each([
    ['sender', 'SIGINT', 130],
    ['sender', 'SIGHUP', 129],
    ['receiver', 'SIGTERM', 143],
  ] as const)('of the %s by %s is told to the other side', async (who, signal, exit) => {
    const { sender, receiver, out } = await underWay(ENDLESS);
    const [interrupted, other] = who === 'sender' ? [sender, receiver] : [receiver, sender];
    const before = performance.now();
    interrupted.signal(signal);
    await other.event('error');
    expect(performance.now() - before).toBeLessThan(TOLD_WITHIN_MS);
    await expectFailure(other, { code: 'P2P_CANCELLED', exit: 5 });
    expect(await interrupted.exit()).toEqual({ code: exit, signal: null });
    expect(interrupted.events.at(-1)).toMatchObject({ event: 'error', code: 'P2P_CANCELLED' });
    expect(interrupted.stderr).toBe('p2pshare: interrupted\n');
    expect(await contents(out)).toEqual([]);
  });

  it('after the last byte comes too late to fail anything', async () => {
    const { sender, code, out } = await offered(1000);
    const receiver = receive(code, out);
    await Promise.all([receiver.event('file'), sender.event('file')]);
    receiver.signal('SIGTERM');
    sender.signal('SIGTERM');
    await expectSuccess(sender, receiver);
    expect(await contents(out)).toEqual(['sample.bin']);
  });

  it('of a waiting sender takes its code back', async () => {
    const { sender, code, out } = await offered(1000);
    sender.signal('SIGINT');
    expect(await sender.exit()).toEqual({ code: 130, signal: null });
    const receiver = receive(code, out);
    expect(await receiver.exit()).toEqual({ code: 3, signal: null });
  });

  it('of the server does not disturb a direct transfer', async () => {
    const own = await stage.server();
    const { sender, receiver, out, file } = await underWay(64 * MIB, own);
    own.program.signal('SIGKILL');
    await expectSuccess(sender, receiver);
    expect(await sha256(join(out, 'sample.bin'))).toBe(await sha256(file));
  });
});

describe('a server that does not answer', () => {
  it.each(['send', 'receive'])('does not keep %s waiting beyond its --timeout', async (command) => {
    const folder = await stage.folder();
    await writeFile(join(folder, 'sample.bin'), 'text');
    // Whoever is ended this way leaves a port that nobody listens on.
    const gone = await stage.server();
    await gone.program.end();
    const where = { server: gone.endpoint, flags: ['--timeout', '500ms'] };
    const program =
      command === 'send'
        ? stage.send(join(folder, 'sample.bin'), where)
        : stage.receive('1000-acorn-velvet-harbor', { ...where, out: folder });
    await expectFailure(program, { code: 'P2P_TIMEOUT', exit: 6 });
    expect(await contents(folder)).toEqual(['sample.bin']);
  });
});

interface Offered {
  readonly sender: Program;
  readonly code: string;
  readonly file: string;
  /** An empty folder to receive into. */
  readonly out: string;
}

/** A sender that waits, and an empty folder to receive into. Most of a large file is a hole. */
async function offered(size: number, at: Server = server): Promise<Offered> {
  const folder = await stage.folder();
  const out = join(folder, 'out');
  await mkdir(out);
  const file = join(folder, 'sample.bin');
  await writeSample(file, Math.min(size, MIB));
  await truncate(file, size);
  const sender = send(file, at);
  const { code } = await sender.event('code');
  return { sender, code, file, out };
}

/** A transfer of which some has arrived. */
async function underWay(
  size: number,
  at: Server = server,
): Promise<Offered & { readonly receiver: Program }> {
  const offer = await offered(size, at);
  const receiver = stage.receive(offer.code, { out: offer.out, server: at.endpoint });
  await receiver.event('progress', ({ bytes }) => bytes > 0);
  return { ...offer, receiver };
}

function send(file: string, at: Server = server): Program {
  return stage.send(file, { server: at.endpoint });
}

function receive(code: string, out: string, flags: readonly string[] = []): Program {
  return stage.receive(code, { out, server: server.endpoint, flags });
}
