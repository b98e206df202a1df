import { describe, expect, it, vi } from 'vitest';
import { run } from '../../src/cli/main.ts';
import { fakeTerminal } from './support/fake-terminal.ts';

const neverLoaded = () => Promise.reject(new Error('the library is not needed'));

describe('--help', () => {
  it.each([
    ['p2pshare', ['--help']],
    ['p2pshare send', ['send', '--help']],
    ['p2pshare receive', ['receive', '-h']],
    ['p2pshare server', ['server', '--help']],
    ['p2pshare status', ['status', '--help']],
    ['p2pshare resume', ['resume', '--help']],
    ['p2pshare clean', ['clean', '--help']],
    ['p2pshare doctor', ['doctor', '--help']],
    ['p2pshare bench', ['bench', '--help']],
    ['p2pshare config', ['config', '--help']],
    ['p2pshare completion', ['completion', '--help']],
  ])('of %s is on stdout and does nothing else', async (_name, argv) => {
    const terminal = fakeTerminal();
    expect(await run(argv, terminal, neverLoaded)).toBe(0);
    expect(terminal.written.stderr).toBe('');
    expect(terminal.written.stdout).toMatchSnapshot();
  });

  it.each([40, 60])('fits %i columns', async (columns) => {
    const terminal = fakeTerminal({ tty: true, columns });
    await run(['receive', '--help'], terminal, neverLoaded);
    const widest = Math.max(...terminal.written.stdout.split('\n').map((line) => line.length));
    expect(widest).toBeLessThanOrEqual(columns);
  });
});

describe.each([['--version'], ['completion bash'], ['config list'], ['send']])('%s', (words) => {
  it('does without the library', async () => {
    const library = vi.fn(neverLoaded);
    await run(words.split(' '), fakeTerminal(), library);
    expect(library).not.toHaveBeenCalled();
  });
});
