import { UsageError } from '../errors/usage-error.ts';
import { completionScript, SHELLS, type Shell } from '../help/completion-scripts.ts';
import type { Manual } from '../settings/manual.ts';
import { command } from './command.ts';

const MANUAL: Manual = {
  name: 'completion',
  operands: [{ name: 'SHELL', choices: SHELLS, describe: 'One of bash, zsh and fish' }],
  summary: 'Print what makes a shell complete the command line',
  about: ['Prints a script for the shell, which completes commands, flags and file names.'],
  groups: [],
  examples: [
    { command: 'source <(p2pshare completion bash)', what: 'In ~/.bashrc; with zsh in ~/.zshrc' },
    {
      command: 'p2pshare completion fish > ~/.config/fish/completions/p2pshare.fish',
      what: 'Once',
    },
  ],
};

interface CompletionArguments {
  readonly SHELL: string | undefined;
}

/** `p2pshare completion SHELL` */
export const COMPLETION = command<CompletionArguments>(
  MANUAL,
  async ({ SHELL: shell }, { terminal, manuals }) => {
    if (!isShell(shell)) {
      const which = shell === undefined ? 'say which shell' : `there is nothing for ${shell}`;
      throw new UsageError(which, `one of ${SHELLS.join(', ')}`);
    }
    terminal.stdout.write(completionScript(shell, manuals));
  },
);

function isShell(name: string | undefined): name is Shell {
  return SHELLS.some((shell) => shell === name);
}
