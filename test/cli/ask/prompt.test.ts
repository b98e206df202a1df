import { PassThrough } from 'node:stream';
import { setImmediate as turn } from 'node:timers/promises';
import { describe, expect, it } from 'vitest';
import { Prompt } from '../../../src/cli/ask/prompt.ts';
import { fakeTerminal } from '../support/fake-terminal.ts';

describe('a question after one that was withdrawn', () => {
  it('is answered by the next line, not by the one after that', async () => {
    const { prompt, typed, withdrawnQuestion } = conversation();
    await withdrawnQuestion();
    const answer = prompt.ask('and now? ');
    typed('y');
    typed('n');
    expect(await answer).toBe('y');
    expect(await prompt.ask('and then? ')).toBe('n');
    prompt.close();
  });

  it('is not answered by a line that came before it', async () => {
    const { prompt, typed, withdrawnQuestion } = conversation();
    await withdrawnQuestion();
    typed('y');
    // The line is read when the stream has had its turn.
    await turn();
    const answer = prompt.ask('and now? ');
    typed('n');
    expect(await answer).toBe('n');
    prompt.close();
  });
});

function conversation() {
  const stdin = new PassThrough();
  const terminal = { ...fakeTerminal({ tty: true }), stdin };
  const prompt = new Prompt(terminal, new AbortController().signal);
  return {
    prompt,
    typed: (line: string) => stdin.write(`${line}\n`),
    withdrawnQuestion: async () => {
      const withdrawal = new AbortController();
      const answer = prompt.ask('this one? ', withdrawal.signal);
      withdrawal.abort();
      expect(await answer).toBeUndefined();
    },
  };
}
