import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { beforeAll, describe, expect } from 'vitest';
import { ensureBuilt } from './support/build.ts';
import { expectFailure, expectSuccess } from './support/expectations.ts';
import { groupServer } from './support/group-server.ts';
import { contents, type Stage } from './support/stage.ts';
import { it } from './support/staged.ts';

const TEXT = 'two lines\nand \u{1f600}';

beforeAll(ensureBuilt);

describe.concurrent('a text', () => {
  const server = groupServer();

  it('is shown, and kept nowhere', async ({ stage }) => {
    const { sender, code, where } = await sending(stage, TEXT);
    const cwd = await stage.folder();
    const receiver = stage.start(['receive', '--yes', '--json', ...where, code], { cwd });
    expect(await receiver.event('text')).toEqual({ event: 'text', text: TEXT });
    await expectSuccess(sender, receiver);
    expect(await contents(cwd)).toEqual([]);
  });

  it.for([
    { title: 'is what it is in a pipe', flags: [] },
    { title: 'is all that is told by --quiet', flags: ['--quiet'] },
  ])('$title', async ({ flags }, { stage }) => {
    const { sender, code, where } = await sending(stage, TEXT);
    const cwd = await stage.folder();
    const receiver = stage.start(['receive', '--yes', ...flags, ...where, code], { cwd });
    expect(await receiver.exit()).toEqual({ code: 0, signal: null });
    expect(receiver.stdout).toBe(TEXT);
    expect((await sender.exit()).code).toBe(0);
  });

  it('is a file where the receiver says so', async ({ stage }) => {
    const { sender, code } = await sending(stage, TEXT);
    const out = await stage.folder();
    const receiver = stage.receive(code, { out, server: server().endpoint });
    await expectSuccess(sender, receiver);
    expect(await readFile(join(out, 'text.txt'), 'utf8')).toBe(TEXT);
  });

  it('has an end', async ({ stage }) => {
    const text = 'x'.repeat(65_537);
    const sender = stage.start(['send', '--json', '--text', text]);
    await expectFailure(sender, { code: 'P2P_USAGE', exit: 2 });
  });

  async function sending(stage: Stage, text: string) {
    const where = ['--no-lan', '--server', server().endpoint];
    const sender = stage.start(['send', '--json', ...where, '--text', text]);
    const { code } = await sender.event('code');
    return { sender, code, where };
  }
});
