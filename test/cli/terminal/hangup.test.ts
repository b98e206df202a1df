import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { afterEach, describe, expect, it } from 'vitest';
import { outlivesTerminal } from '../../../src/cli/terminal/hangup.ts';

describe('a process outlives its terminal', () => {
  let parent: ChildProcess | undefined;
  afterEach(() => parent?.kill('SIGKILL'));

  it.each(['nohup', '/usr/bin/nohup'])('that a shell says it started by %s', (_) => {
    expect(outlivesTerminal({ _ })).toBe(true);
  });

  it.each([undefined, '', '/usr/bin/p2pshare', '/home/nohup/p2pshare'])('not by %s', (_) => {
    expect(outlivesTerminal({ _ })).toBe(false);
  });

  it.skipIf(process.platform !== 'linux')('whose parent ignores SIGHUP', async () => {
    expect(outlivesTerminal({}, await shell("trap '' HUP"))).toBe(true);
  });

  it('not whose parent does not', async () => {
    expect(outlivesTerminal({}, await shell(':'))).toBe(false);
  });

  it('not whose parent has gone', () => {
    expect(outlivesTerminal({}, 2 ** 30)).toBe(false);
  });

  /** A shell that has done something, and waits. */
  async function shell(command: string): Promise<number> {
    parent = spawn('sh', ['-c', `${command}; echo ready; read -r line`], {
      stdio: ['pipe', 'pipe', 'ignore'],
    });
    await once(parent.stdout as NonNullable<typeof parent.stdout>, 'data');
    return parent.pid as number;
  }
});
