import { chmod, stat, utimes } from 'node:fs/promises';
import { join } from 'node:path';
import { beforeAll, describe, expect } from 'vitest';
import { ensureBuilt } from './support/build.ts';
import { expectSuccess } from './support/expectations.ts';
import { groupServer } from './support/group-server.ts';
import type { Program } from './support/program.ts';
import { sha256, writeSample } from './support/sample.ts';
import { contents, type Sending, type Stage } from './support/stage.ts';
import { it } from './support/staged.ts';

const KIB = 1024;
const MIB = 1024 * KIB;
/** Slices, records and chunks all begin or end at one of these. */
const sizes = [0, 1, 65_535, 65_536, 65_537, MIB - 1, MIB, MIB + 1, 30_000_000];

beforeAll(ensureBuilt);

describe.concurrent('a transfer between two processes of one machine', () => {
  const server = groupServer();

  it.for(sizes)('brings a file of %d bytes, whole and under its name', async (size, { stage }) => {
    const { sender, receiver, sums, out } = await transfer(stage, size, {
      server: server().endpoint,
    });
    expect(sums.received).toBe(sums.sent);
    expect(await contents(out)).toEqual(['sample.bin']);
    for (const program of [sender, receiver]) {
      expect(program.events.at(-1)).toMatchObject({ event: 'done', bytes: size, path: 'direct' });
      const travelled = program.all('done')[0]?.travelledBytes ?? 0;
      expect(travelled).toBeGreaterThan(size);
      expect(travelled).toBeLessThan(1.01 * size + 5000);
      expect(program.all('path').map(({ kind }) => kind)).not.toContain('relay');
      expect(program.stderr).toBe('');
    }
    expect(sender.all('file')).toMatchObject([{ bytes: size, status: 'sent' }]);
    expect(receiver.all('file')).toMatchObject([{ bytes: size, status: 'written' }]);
  });
});

describe.concurrent('a transfer over loopback', () => {
  const server = groupServer();

  it('tells the sender that the receiver has to accept, before anything is sent', async ({
    stage,
  }) => {
    const { sender } = await transfer(stage, 1000, { server: server().endpoint });
    const phases = sender.all('status').map(({ phase }) => phase);
    expect([...new Set(phases)]).toEqual([
      ...['finding-server', 'waiting-for-peer', 'connecting', 'waiting-for-answer'],
      ...['transferring', 'verifying'],
    ]);
  });

  it.for([
    ['a program', 0o755, true],
    ['a document', 0o600, false],
  ] as const)('keeps the time of %s, and whether it can be run', async (row, { stage }) => {
    const [, mode, executable] = row;
    const folder = await stage.folder();
    const out = await stage.folder();
    const file = join(folder, 'tool');
    await writeSample(file, 1000);
    await chmod(file, mode);
    await utimes(file, 1_700_000_000.5, 1_600_000_000.25);
    const sender = stage.send(file, { server: server().endpoint });
    const { code } = await sender.event('code');
    await expectSuccess(sender, stage.receive(code, { out, server: server().endpoint }));
    const written = await stat(join(out, 'tool'));
    // Newer versions of Node see the half microsecond that older ones cut.
    expect(Math.floor(written.mtimeMs)).toBe(1_600_000_000_250);
    expect((written.mode & 0o111) !== 0).toBe(executable);
  });

  const plain = { P2PSHARE_NO_GSO: '1' };
  it.for([
    ['the sender', plain, {}],
    ['the receiver', {}, plain],
    ['either side', plain, plain],
  ] as const)('works without segmentation offload on %s', async (row, { stage }) => {
    const [, sending, receiving] = row;
    const options = { server: server().endpoint, env: sending };
    const { sums } = await transfer(stage, 10 * MIB, options, { env: receiving });
    expect(sums.received).toBe(sums.sent);
  });
});

describe('two programs', () => {
  const server = groupServer();

  it.for(['sender', 'receiver'] as const)(
    'are never faster than the %s wants',
    async (side, { stage }) => {
      const folder = await stage.folder();
      const file = join(folder, 'sample.bin');
      await writeSample(file, 4_000_000);
      const limited = { server: server().endpoint, flags: ['--limit', '2MB/s'] };
      const free = { server: server().endpoint };
      const sender = stage.send(file, side === 'sender' ? limited : free);
      const { code } = await sender.event('code');
      const out = await stage.folder();
      const receiver = stage.receive(code, { ...(side === 'receiver' ? limited : free), out });
      await expectSuccess(sender, receiver);
      const ms = (sender.msTo('file') ?? 0) - (sender.msTo('progress') ?? 0);
      expect(ms).toBeGreaterThan(1900);
    },
  );

  it('go through the server when told to use the relay only', async ({ stage }) => {
    const flags = ['--relay-only'];
    const { sender, receiver, sums } = await transfer(stage, 10 * MIB, {
      server: server().endpoint,
      flags,
    });
    expect(sums.received).toBe(sums.sent);
    for (const program of [sender, receiver]) {
      const paths = program.all('path');
      expect(paths.length).toBeGreaterThan(0);
      for (const path of paths) {
        expect(path).toMatchObject({ kind: 'relay', via: 'relay-udp', remote: server().endpoint });
      }
      expect(program.events.at(-1)).toMatchObject({ event: 'done', path: 'relay' });
    }
  });

  it('have nothing but the code on stdout, and words for people on stderr', async ({ stage }) => {
    const [folder, out] = await Promise.all([stage.folder(), stage.folder()]);
    const sum = await writeSample(join(folder, 'sample.bin'), 2_000_000);
    const common = ['--no-lan', '--server', server().endpoint];
    const sender = stage.start(['send', ...common, join(folder, 'sample.bin')]);
    const code = (await sender.printed(/^\d+(-[a-z]+){3}\n$/)).trim();
    const receiver = stage.start(['receive', '--yes', ...common, code], { cwd: out });
    for (const program of [sender, receiver]) expect((await program.exit()).code).toBe(0);
    expect(await sha256(join(out, 'sample.bin'))).toBe(sum);
    expect(receiver.stdout).toBe('');
    expect(sender.stdout).toBe(`${code}\n`);
    expect(sender.stderr).not.toContain(code);
    expect(sender.stderr).toMatch(/^sent .*sample\.bin: 2\.0 MB in .*, direct$/m);
    expect(receiver.stderr).toMatch(/^received .*sample\.bin: 2\.0 MB in .*, direct$/m);
  });

  it('are not mixed up with two others that run at the same time', async ({ stage }) => {
    const [one, two] = await Promise.all([
      transfer(stage, 5 * MIB, { server: server().endpoint }, { seed: 1 }),
      transfer(stage, 5 * MIB, { server: server().endpoint }, { seed: 2 }),
    ]);
    expect(one.sums.sent).not.toBe(two.sums.sent);
    expect(one.sums.received).toBe(one.sums.sent);
    expect(two.sums.received).toBe(two.sums.sent);
  });
});

interface Transferred {
  readonly sender: Program;
  readonly receiver: Program;
  readonly sums: { readonly sent: string; readonly received: string };
  readonly out: string;
}

async function transfer(
  stage: Stage,
  size: number,
  options: Sending,
  other: { readonly env?: Readonly<Record<string, string>>; readonly seed?: number } = {},
): Promise<Transferred> {
  const { env = {}, seed = 1 } = other;
  const [folder, out] = await Promise.all([stage.folder(), stage.folder()]);
  const file = join(folder, 'sample.bin');
  const sent = await writeSample(file, size, seed);
  const sender = stage.send(file, options);
  const { code } = await sender.event('code');
  const receiver = stage.receive(code, { ...options, out, env });
  await expectSuccess(sender, receiver);
  const received = await sha256(join(out, 'sample.bin'));
  return { sender, receiver, out, sums: { sent, received } };
}
