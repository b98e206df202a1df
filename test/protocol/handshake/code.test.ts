import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  type Code,
  codePassword,
  formatCode,
  parseCode,
  randomWords,
} from '../../../src/protocol/handshake/code.ts';
import { WORDS } from '../../../src/protocol/handshake/wordlist.ts';
import { hex, seededRandom } from './fixture.ts';

const code: Code = { nameplate: 48_213, words: ['acorn', 'velvet', 'walnut'] };

describe('a code', () => {
  it('is shown as nameplate and words joined by hyphens', () => {
    expect(formatCode(code)).toBe('48213-acorn-velvet-walnut');
  });

  it('gives its words alone as the password', () => {
    expect(hex(codePassword(code))).toBe('61636f726e2d76656c7665742d77616c6e7574');
  });

  it('is read back as it was shown', () => {
    const words = fc.array(fc.constantFrom(...WORDS), { minLength: 3, maxLength: 6 });
    fc.assert(
      fc.property(fc.integer({ min: 1_000, max: 999_999 }), words, (nameplate, chosen) => {
        const shown = { nameplate, words: chosen };
        expect(parseCode(formatCode(shown))).toEqual({ kind: 'code', code: shown });
      }),
    );
  });

  it.each([
    '48213 acorn velvet walnut',
    '  48213--acorn_velvet - walnut\n',
    '48213-ACORN-Velvet-walnut',
    '"48213-acorn-velvet-walnut".',
    '４８２１３-ａｃｏｒｎ-velvet-walnut',
    '48213–acorn–velvet–walnut',
    '48213-acor-velv-waln',
    '48213-aco-velv-walnu',
  ])('is understood when typed as %j', (typed) => {
    expect(parseCode(typed)).toEqual({ kind: 'code', code });
  });

  it.each([
    ['', { kind: 'empty' }],
    [' - \n', { kind: 'empty' }],
    ['acorn-velvet-walnut', { kind: 'nameplate' }],
    ['--help', { kind: 'nameplate' }],
    ['999-acorn-velvet-walnut', { kind: 'nameplate' }],
    ['0999-acorn-velvet-walnut', { kind: 'nameplate' }],
    ['1000000-acorn-velvet-walnut', { kind: 'nameplate' }],
    ['48213', { kind: 'word-count', count: 0 }],
    ['48213-acorn-velvet', { kind: 'word-count', count: 2 }],
    [`48213${'-acorn'.repeat(7)}`, { kind: 'word-count', count: 7 }],
    ['48213-acorn-velvwt-walnut', { kind: 'unknown-word', position: 2, suggestion: 'velvet' }],
    ['48213-acorn-velvet-wallnut', { kind: 'unknown-word', position: 3, suggestion: 'walnut' }],
    ['48213-scorn-velvet-walnut', { kind: 'unknown-word', position: 1, suggestion: 'acorn' }],
    ['48213-xyzzyx-velvet-walnut', { kind: 'unknown-word', position: 1 }],
    // A Cyrillic letter that looks like ours is another letter.
    ['48213-\u0430corn-velvet-walnut', { kind: 'unknown-word', position: 1, suggestion: 'acorn' }],
    ['48213-acorn-ve-walnut', { kind: 'unknown-word', position: 2 }],
    ['48213-acorn-sta-walnut', { kind: 'unknown-word', position: 2 }],
    ['48213-acorn-constructor-walnut', { kind: 'unknown-word', position: 2 }],
  ])('is refused when typed as %j, with the reason', (typed, problem) => {
    expect(parseCode(typed)).toEqual({ kind: 'problem', problem });
  });
});

describe('what is typed for a code', () => {
  it('is refused at once when it is a megabyte long', () => {
    const begin = performance.now();
    expect(parseCode('\ufdfa'.repeat(1 << 20))).toEqual({
      kind: 'problem',
      problem: { kind: 'too-long' },
    });
    expect(performance.now() - begin).toBeLessThan(50);
  });

  it('never makes the reader throw', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary', maxLength: 300 }), (typed) => {
        expect(['code', 'problem']).toContain(parseCode(typed).kind);
      }),
    );
  });
});

describe('random words', () => {
  it('are three of the list, drawn anew each time', () => {
    const random = seededRandom('words');
    const drawn = Array.from({ length: 50 }, () => randomWords(random));
    expect(drawn.every((words) => words.length === 3)).toBe(true);
    expect(drawn.flat().every((word) => WORDS.includes(word))).toBe(true);
    expect(new Set(drawn.map((words) => words.join())).size).toBe(50);
  });

  it('reach both ends of the list', () => {
    const at = (index: number) => ({ bytes: () => new Uint8Array(0), integer: () => index });
    expect(randomWords(at(0), 1)).toEqual([WORDS[0]]);
    expect(randomWords(at(2047), 4)).toEqual(Array(4).fill(WORDS[2047]));
  });
});
