import { describe, expect, it } from 'vitest';
import { completeCode } from '../../../src/cli/ask/code-completion.ts';

describe('a code that is being typed', () => {
  it.each([
    ['4821-acor', ['acorn-'], 'acor'],
    ['4821 ACOR', ['acorn-'], 'ACOR'],
    ['4821-acorn-velvet-harb', ['harbor'], 'harb'],
    ['4821-acorn-velvet-xyz', [], 'xyz'],
    ['4821-', [], ''],
    ['48', [], '48'],
    ['', [], ''],
  ])('%j may become %j', (typed, words, begun) => {
    expect(completeCode(typed)).toEqual([words, begun]);
  });

  it('shows every word that it may become', () => {
    const [words] = completeCode('4821-acr');
    expect(words).toEqual(['acre', 'acrobat']);
  });
});
