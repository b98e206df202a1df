import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterEach, beforeAll, describe, expect, it } from 'vitest';
import { ensureBuilt } from './support/build.ts';
import { PseudoTerminal, whyNoTerminal } from './support/pseudo-terminal.ts';
import { Stage } from './support/stage.ts';

const stage = new Stage();
const terminals: PseudoTerminal[] = [];
const reason = whyNoTerminal();
if (reason !== undefined) console.warn(`skipped: ${reason}`);

beforeAll(ensureBuilt);
afterEach(async () => {
  await Promise.all(terminals.splice(0).map((terminal) => terminal.end()));
  await stage.clear();
});

interface Scene {
  readonly folder: string;
  readonly open: (args: readonly string[], columns?: number) => PseudoTerminal;
}

async function scene(more: Readonly<Record<string, string>> = {}): Promise<Scene> {
  const folder = await stage.folder();
  const { endpoint } = await stage.server();
  await writeFile(join(folder, 'report.txt'), 'what is in the report');
  await mkdir(join(folder, 'there'));
  const env = { XDG_STATE_HOME: join(folder, 'state'), P2PSHARE_SERVER: endpoint, ...more };
  const open = (args: readonly string[], columns = 100) => {
    const flags = args[0]?.startsWith('-') ? [] : ['--no-lan'];
    const terminal = new PseudoTerminal([...args, ...flags], { cwd: folder, env, columns });
    terminals.push(terminal);
    return terminal;
  };
  return { folder, open };
}

describe.skipIf(reason !== undefined)('two people at terminals', { timeout: 60_000 }, () => {
  it('send and receive a file, with the code typed in and its words completed', async () => {
    const { folder, open } = await scene();
    const sender = open(['report.txt']);
    const [, number = '', words = ''] = await sender.shows(/receive .*?(\d{4,6})-([a-z-]+)\n/);
    const receiver = open(['receive', '-o', 'there']);
    await receiver.shows(/code: /);
    const [first = '', second = '', third = ''] = words.split('-');
    // Four letters tell a word from every other; Tab does the rest, with the dash behind it.
    receiver.type(`${number}-${first.slice(0, 4)}\t`);
    await receiver.shows(new RegExp(`${number}-${first}-`));
    receiver.type(`${second.slice(0, 4)}\t${third.slice(0, 4)}\t\r`);
    await receiver.shows(/receive report\.txt \(21 B\) to .*\? \[y\/N\]/);
    await sender.shows(/waiting for the receiver to accept/);
    receiver.type('y\r');
    expect(await receiver.exitCode()).toBe(0);
    expect(await sender.exitCode()).toBe(0);
    expect(sender.text).toMatch(/the receiver has joined/);
    expect(sender.text).toMatch(/sent report\.txt: 21 B in /);
    expect(receiver.text).toMatch(/received .*report\.txt: 21 B in /);
    expect(await readFile(join(folder, 'there', 'report.txt'), 'utf8')).toBe(
      'what is in the report',
    );
  });

  it('compare words', async () => {
    const { open } = await scene();
    const sender = open(['send', '--verify', 'report.txt']);
    const [, code = ''] = await sender.shows(/receive .*?(\d{4,6}-[a-z-]+)\n/);
    const receiver = open(['receive', '--verify', '--yes', '-o', 'there', code]);
    const words = /shows them there\):\n+ {2}([a-z ]+)\n/;
    const [, ofSender] = await sender.shows(words);
    const [, ofReceiver] = await receiver.shows(words);
    expect(ofSender).toBe(ofReceiver);
    sender.type('y\r');
    receiver.type('y\r');
    expect(await receiver.exitCode()).toBe(0);
    expect(await sender.exitCode()).toBe(0);
  });

  it('end both when the words are not the same', async () => {
    const { folder, open } = await scene();
    const sender = open(['send', '--verify', 'report.txt']);
    const [, code = ''] = await sender.shows(/receive .*?(\d{4,6}-[a-z-]+)\n/);
    const receiver = open(['receive', '--verify', '--yes', '-o', 'there', code]);
    await sender.shows(/are they the same\?/);
    await receiver.shows(/are they the same\?/);
    receiver.type('n\r');
    expect(await receiver.exitCode()).toBe(4);
    expect(await sender.exitCode()).toBe(4);
    expect(sender.text).toMatch(/error: the words were not the same/);
    await expect(readFile(join(folder, 'there', 'report.txt'))).rejects.toThrow('ENOENT');
  });
});

describe.skipIf(reason !== undefined)('a person at a terminal', { timeout: 60_000 }, () => {
  it('stops it by Ctrl-C, also where the keys of the code are read', async () => {
    const { open } = await scene();
    const receiver = open(['receive']);
    await receiver.shows(/code: /);
    receiver.type('\u0003');
    expect(await receiver.exitCode()).toBe(130);
    expect(receiver.text).toMatch(/p2pshare: interrupted/);
  });

  it('sees a QR code that fits', async () => {
    const { open } = await scene();
    const sender = open(['send', '--qr', 'report.txt'], 80);
    await sender.shows(/█[▀▄█ ]{20,}/);
    const widest = Math.max(...sender.text.split('\n').map((line) => line.length));
    expect(widest).toBeLessThanOrEqual(80);
    sender.type('\u0003');
    expect(await sender.exitCode()).toBe(130);
  });

  it.each([
    [{}, true],
    [{ NO_COLOR: '1' }, false],
  ])('with %o sees colours: %j', async (env, hasColour) => {
    const { open } = await scene(env);
    const sender = open(['send', 'report.txt']);
    await sender.shows(/waiting for the receiver/);
    // Cyan, in which the spinner is.
    expect(sender.raw.includes('\u001b[36m')).toBe(hasColour);
    sender.type('\u0003');
    expect(await sender.exitCode()).toBe(130);
  });

  it('reads help that fits a narrow terminal', async () => {
    const { open } = await scene();
    const help = open(['--help'], 44);
    expect(await help.exitCode()).toBe(0);
    const widest = Math.max(...help.text.split('\n').map((line) => line.length));
    expect(widest).toBeLessThanOrEqual(44);
  });
});
