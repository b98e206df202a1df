import { execFileSync } from 'node:child_process';
import { mkdir, readFile, stat, writeFile } from 'node:fs/promises';
import { basename, join } from 'node:path';
import { beforeAll, describe, expect } from 'vitest';
import { ensureBuilt } from './support/build.ts';
import { expectFailure, expectSuccess } from './support/expectations.ts';
import { groupServer } from './support/group-server.ts';
import { sha256, writeSample } from './support/sample.ts';
import { contents, finalContents, type Stage } from './support/stage.ts';
import { it } from './support/staged.ts';
import { snapshot, writeTree } from './support/tree.ts';

const MIB = 2 ** 20;

beforeAll(ensureBuilt);

describe('a folder', () => {
  const server = groupServer();

  it('arrives with names, bytes, times, modes and links', async ({ stage }) => {
    const [source, out] = await Promise.all([stage.folder(), stage.folder()]);
    await writeTree(source, 3 * MIB);
    const sender = stage.send(source, { server: server().endpoint });
    const { code } = await sender.event('code');
    const receiver = stage.receive(code, { out, server: server().endpoint });
    await expectSuccess(sender, receiver);
    const name = basename(source);
    expect(await contents(out)).toEqual([name]);
    expect(await snapshot(join(out, name))).toEqual(await snapshot(source));
    expect(receiver.all('file')).toMatchObject([{ path: join(out, name), status: 'written' }]);
  });

  it('arrives beside others that are named, and says what was left out', async ({ stage }) => {
    const [source, out] = await Promise.all([stage.folder(), stage.folder()]);
    const [one, two, log] = ['one', 'two/inside', 'two/x.log'].map((path) => join(source, path));
    await mkdir(join(source, 'two'));
    for (const path of [one, two, log]) await writeFile(String(path), String(path));
    execFileSync('mkfifo', [join(source, 'two/pipe')]);
    const flags = ['--exclude', '*.log'];
    const paths = [String(one), join(source, 'two')];
    const sender = stage.send(paths, { server: server().endpoint, flags });
    const { code } = await sender.event('code');
    await expectSuccess(sender, stage.receive(code, { out, server: server().endpoint }));
    expect(await contents(out)).toEqual(['one', 'two']);
    expect(await contents(join(out, 'two'))).toEqual(['inside']);
    const omitted = { special: 1, links: 0, excluded: 1 };
    expect(await sender.event('offer')).toMatchObject({ name: 'one and 1 more', omitted });
  });

  it('that is there is merged with, if the receiver says how', async ({ stage }) => {
    const [source, out] = await Promise.all([stage.folder(), stage.folder()]);
    const name = basename(source);
    await writeFile(join(source, 'both'), 'new');
    await writeFile(join(source, 'mine'), 'new');
    await mkdir(join(out, name));
    await writeFile(join(out, name, 'both'), 'old');
    for (const [policy, expected] of [
      ['fail', 'old'],
      ['skip', 'old'],
      ['overwrite', 'new'],
    ] as const) {
      const sender = stage.send(source, { server: server().endpoint });
      const { code } = await sender.event('code');
      const flags = ['--on-conflict', policy];
      const receiver = stage.receive(code, { out, server: server().endpoint, flags });
      if (policy === 'fail') await expectFailure(receiver, { code: 'P2P_TARGET_EXISTS', exit: 9 });
      else await expectSuccess(sender, receiver);
      expect(await readFile(join(out, name, 'both'), 'utf8')).toBe(expected);
    }
    expect(await readFile(join(out, name, 'mine'), 'utf8')).toBe('new');
  });
});

describe('a transfer that was cut off', () => {
  const TOTAL = 400 * MIB;
  /** Two intervals of the journal: one that was being noted, and one that was being written. */
  const SLACK = 2 * 64 * MIB;
  /** Slower than disks: what one has not written yet does not count as arrived. */
  const SLOWLY = ['--limit', '100MB/s'];

  it.for(['receiver', 'sender', 'both'] as const)(
    'by the death of %s asks only for what had not arrived',
    { timeout: 60_000 },
    async (victim, { stage }) => {
      const [folder, out] = await Promise.all([stage.folder(), stage.folder()]);
      const file = join(folder, 'sample.bin');
      const sum = await writeSample(file, TOTAL);
      const sender = stage.send(file, { flags: SLOWLY });
      const { code } = await sender.event('code');
      const first = stage.receive(code, { out });
      const cut = await first.event('progress', ({ bytes }) => bytes > 0.7 * TOTAL);
      if (victim !== 'receiver') await sender.end();
      if (victim !== 'sender') await first.end();
      expect(await finalContents(out)).toEqual([]);
      if (victim !== 'sender') await expectStatus(stage, cut.bytes - SLACK);
      const again = victim === 'receiver' ? sender : stage.send(file, { flags: SLOWLY });
      const second = victim === 'sender' ? first : stage.receive(code, { out });
      const resumed = await second.event('offer', ({ resumed }) => resumed === true);
      expect(resumed.bytes).toBe(TOTAL);
      await expectSuccess(again, second);
      const from = firstBytesAfter(second.events);
      expect(from).toBeGreaterThan(cut.bytes - SLACK);
      expect(await sha256(join(out, 'sample.bin'))).toBe(sum);
      expect((await stat(join(out, 'sample.bin'))).size).toBe(TOTAL);
      expect(await contents(out)).toEqual(['sample.bin']);
    },
  );

  /** `status` knows what will not be sent again. */
  async function expectStatus(stage: Stage, atLeast: number): Promise<void> {
    const status = stage.start(['status', '--json']);
    await status.exit();
    const lines = status.stdout.split('\n').filter((line) => line.includes('"receive"'));
    expect(JSON.parse(String(lines[0])).arrived).toBeGreaterThan(atLeast);
  }

  /** What the first progress after the last offer says. */
  function firstBytesAfter(
    events: readonly { readonly event: string; readonly bytes?: number | null }[],
  ): number {
    const offer = events.findLastIndex(({ event }) => event === 'offer');
    const progress = events.slice(offer).find(({ event }) => event === 'progress');
    return progress?.bytes ?? 0;
  }
});
