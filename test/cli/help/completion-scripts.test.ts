import { execFile, spawn } from 'node:child_process';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { promisify } from 'node:util';
import { describe, expect, it, onTestFinished } from 'vitest';
import { COMMANDS } from '../../../src/cli/commands.ts';
import { completionScript, SHELLS } from '../../../src/cli/help/completion-scripts.ts';

const run = promisify(execFile);
const MANUALS = COMMANDS.map(({ manual }) => manual);

async function isThere(program: string): Promise<boolean> {
  return await run(program, ['--version']).then(
    () => true,
    () => false,
  );
}

/** What bash offers behind these words, of which the last one is being typed. */
async function offered(...words: string[]): Promise<string[]> {
  const { stdout } = await run(
    'bash',
    [
      '-c',
      `${completionScript('bash', MANUALS)}
COMP_WORDS=("$@") COMP_CWORD=$(($# - 1))
_p2pshare
printf '%s\\n' "\${COMPREPLY[@]}"`,
      'bash',
      ...words,
    ],
    { cwd: import.meta.dirname },
  );
  return stdout.split('\n').filter((line) => line !== '');
}

describe('the completion of bash', () => {
  it('knows the commands', async () => {
    expect(await offered('p2pshare', 'rec')).toEqual(['receive', 'recv']);
  });

  it('knows the flags of a command, also under its other name', async () => {
    expect(await offered('p2pshare', 'send', '--ex')).toEqual(['--exclude']);
    expect(await offered('p2pshare', 'tx', '--ex')).toEqual(['--exclude']);
  });

  it('knows the words of a flag', async () => {
    expect(await offered('p2pshare', 'receive', '--on-conflict', 're')).toEqual(['rename']);
  });

  it('knows a command that is typed to its end', async () => {
    expect(await offered('p2pshare', 'status')).toEqual(['status']);
  });

  it.each([
    [['p2pshare', 'send', '']],
    [['p2pshare', 'send', 'some fi']],
    [['p2pshare', 'receive', '--out', '']],
    [['p2pshare', 'receive', '-o', '']],
  ])('leaves %j to the shell, which knows files', async (words) => {
    expect(await offered(...words)).toEqual([]);
    expect(completionScript('bash', MANUALS)).toContain('complete -o default');
  });

  it('completes a name with blanks', async ({ skip }) => {
    if (!(await isThere('script'))) skip('there is no script(1) to have a terminal by');
    const folder = await mkdtemp(join(tmpdir(), 'p2pshare-completion-'));
    onTestFinished(() => rm(folder, { recursive: true }));
    await writeFile(join(folder, 'two words.txt'), '');
    await writeFile(
      join(folder, 'rc'),
      `${completionScript('bash', MANUALS)}p2pshare() { printf '<%s>' "$@"; }\n`,
    );
    const typed = spawn('script', ['-qc', 'bash --noprofile --rcfile rc -i', '/dev/null'], {
      cwd: folder,
      stdio: ['pipe', 'pipe', 'ignore'],
    });
    typed.stdin.end('p2pshare send two\t\nexit\n');
    expect(await text(typed.stdout)).toContain('<send><two words.txt>');
  });
});

describe.each(SHELLS)('the completion of %s', (shell) => {
  it('is a script that the shell can read', async ({ skip }) => {
    if (!(await isThere(shell))) skip(`${shell} is not installed`);
    const check = shell === 'fish' ? ['--no-execute'] : ['-n'];
    await run('sh', [
      '-c',
      `printf %s "$1" | ${shell} ${check[0]} /dev/stdin`,
      'sh',
      completionScript(shell, MANUALS),
    ]);
  });
});

it('of fish offers commands, and the words of a flag', async ({ skip }) => {
  if (!(await isThere('fish'))) skip('fish is not installed');
  const script = `${completionScript('fish', MANUALS)}
complete -C 'p2pshare rec'
complete -C 'p2pshare receive --on-conflict re'
`;
  const { stdout } = await run('fish', ['-c', script], { cwd: import.meta.dirname });
  const words = stdout.split('\n').map((line) => line.split('\t')[0]);
  expect(words).toEqual(expect.arrayContaining(['receive', 'recv', 'rename']));
});
