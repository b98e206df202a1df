import type { Verify } from '../../client/api/options.ts';
import { UsageError } from '../errors/usage-error.ts';
import type { Reporter } from '../report/reporter.ts';
import { isInteractive, type Terminal } from '../terminal/terminal.ts';
import type { Prompt } from './prompt.ts';

/** Refuses `--verify` where nobody could compare anything. */
export function requirePeople(terminal: Terminal, isForPrograms: boolean): void {
  if (isInteractive(terminal) && !isForPrograms) return;
  throw new UsageError(
    '--verify asks people, and there is no terminal to ask them on',
    'leave it out, together with --json if it is given',
  );
}

/** Has a person compare the words of `--verify`. */
export function comparison(prompt: Prompt, reporter: Reporter): Verify {
  return async (words, withdrawn) => {
    reporter.pause();
    try {
      const question = `compare these words with the other side (--verify shows them there):\n\n  ${words.join(' ')}\n\nare they the same? [y/N] `;
      return /^y(es)?$/i.test((await prompt.ask(question, withdrawn)) ?? '');
    } finally {
      reporter.resume();
    }
  };
}
