import { type CodeProblem, parseCode } from '../../protocol/handshake/code.ts';
import { UsageError } from './usage-error.ts';

const EXAMPLE = 'a code is a number and three words, such as 4821-acorn-velvet-harbor';

/** Refuses what is no code before anything is sent, and says which part of it is not. */
export function requireCode(text: string): void {
  const parsed = parseCode(text);
  if (parsed.kind === 'code') return;
  const { message, hint = EXAMPLE } = words(parsed.problem);
  throw new UsageError(message, hint, 'P2P_CODE_INVALID');
}

function words(problem: CodeProblem): { readonly message: string; readonly hint?: string } {
  switch (problem.kind) {
    case 'empty':
      return { message: 'no code was given' };
    case 'too-long':
      return { message: 'this is too long for a code' };
    case 'nameplate':
      return { message: 'the code does not begin with a number of four to six digits' };
    case 'word-count':
      return { message: `the code has ${problem.count} words, not three to six` };
    case 'unknown-word':
      return unknownWord(problem);
  }
}

function unknownWord(problem: Extract<CodeProblem, { kind: 'unknown-word' }>): {
  readonly message: string;
  readonly hint: string;
} {
  const { position, suggestion } = problem;
  return {
    message: `word ${position} of the code is not one that codes are made of`,
    hint: suggestion === undefined ? 'check it with the sender' : `did you mean ${suggestion}?`,
  };
}
