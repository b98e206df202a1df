import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { columnsOf, display } from '../../src/protocol/display.ts';

// Written out here rather than imported: C0, DEL, C1, bidi controls, zero-width, line breaks,
// invisible operators, byte order mark, surrogates, soft hyphen, tags.
const DANGEROUS =
  /[\p{Cc}\u{ad}\u{61c}\u{180e}\u{200b}-\u{200f}\u{2028}-\u{202e}\u{2060}-\u{206f}\u{feff}\u{d800}-\u{dfff}\u{e0000}-\u{e007f}]/u;

describe('display', () => {
  it.each([
    ['plain name.txt', 'plain name.txt'],
    ['Übergröße – 日本語.pdf', 'Übergröße – 日本語.pdf'],
    ['\u001b[2Jgone', '\\u{1b}[2Jgone'],
    ['a\rb\nc\u0007', 'a\\u{d}b\\u{a}c\\u{7}'],
    ['\u009b31m', '\\u{9b}31m'],
    ['photo\u202Egpj.exe', 'photo\\u{202e}gpj.exe'],
    ['in\u200bvisible', 'in\\u{200b}visible'],
    ['no-break\u00a0space', 'no-break\\u{a0}space'],
    ['\ud800', '\\u{d800}'],
    ['e\u0301\u0302\u0303\u0304', 'e\u0301\u0302\\u{303}\\u{304}'],
    ['\u0301first', '\\u{301}first'],
    ['', ''],
  ])('shows %j as %j', (text, shown) => {
    expect(display(text)).toBe(shown);
  });

  it('leaves out the middle of what is too long and keeps the extension', () => {
    expect(display('abcdefghijklmnopqrstuvwxyz.tar.gz', 20)).toBe('abcdefghij…yz.tar.gz');
    expect(display('x'.repeat(61))).toBe(`${'x'.repeat(30)}…${'x'.repeat(29)}`);
    expect(display('日本語日本語', 8)).toBe('日本…語');
    expect(display('\u001b'.repeat(10), 13)).toBe('\\u{1b}…\\u{1b}');
  });

  it('lets no control, bidi or invisible character through and stays within its columns', () => {
    const nasty = fc.constantFrom(
      '\u001b',
      '\u009b',
      '\u202e',
      '\u2066',
      '\u200d',
      '\ud83d',
      '\u0301',
      '語',
      '👍',
    );
    const text = fc.array(fc.oneof(nasty, fc.string({ unit: 'binary' })), { maxLength: 40 });
    const property = fc.property(text, fc.integer({ min: 3, max: 80 }), (parts, columns) => {
      const shown = display(parts.join(''), columns);
      expect(shown).not.toMatch(DANGEROUS);
      expect([...shown.replace(/\p{M}/gu, '')].length).toBeLessThanOrEqual(columns);
    });
    fc.assert(property, { numRuns: 300 });
  });

  it('takes no longer for a million characters than for a few', () => {
    const shown = display(`${'\u0301'.repeat(500_000)}${'a'.repeat(500_000)}.txt`);
    expect(shown.endsWith('aaaa.txt')).toBe(true);
    expect(shown.length).toBeLessThanOrEqual(60);
  });
});

describe('columnsOf', () => {
  it.each([
    ['', 0],
    ['plain', 5],
    ['日本語.pdf', 10],
    ['u\u0308ber', 4],
    ['ok 👍', 5],
  ])('measures %j as %i', (text, columns) => {
    expect(columnsOf(text)).toBe(columns);
  });
});
