import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { encodedEntryName } from '../../../../src/protocol/transfer/entries/encoded-name.ts';
import { parseEntryName } from '../../../../src/protocol/transfer/entries/entry-name.ts';

describe('encodedEntryName', () => {
  it.each([
    ['12:30 100%?', '12%3A30 100%25%3F'],
    ['a\\b', 'a%5Cb'],
    ['..', '%2E%2E'],
    ['wait...', 'wait..%2E'],
    ['nul.txt', '%6Eul.txt'],
    ['CON.', 'CON%2E'],
    ['.p2pshare-x', '%2Ep2pshare-x'],
    ['\u{1f468}\u200d\u{1f469}', '\u{1f468}%E2%80%8D\u{1f469}'],
    ['e\u0301:', '\u00e9%3A'],
  ])('makes of %j what every system takes', (text, name) => {
    expect(encodedEntryName(text)).toBe(name);
  });

  it('leaves a good name alone, with its percent signs', () => {
    expect(encodedEntryName('100%.txt')).toBe('100%.txt');
  });

  it.each([
    ['', 'empty'],
    ['a\ufffd', 'not unicode'],
    [':'.repeat(100), 'too long'],
    ['x'.repeat(1_000_000), 'too long'],
  ])('cannot help %#', (text, refused) => {
    expect(encodedEntryName(text)).toEqual({ refused });
  });

  it('yields good names that are told apart, and say what they were', () => {
    const text = fc.string({ unit: 'grapheme', minLength: 1, maxLength: 20 });
    const wrong = fc.constantFrom(
      ':',
      '?',
      '.',
      ' ',
      '%',
      '\u200d',
      '\\',
      'con',
      '.p2pshare-',
      '\n',
    );
    const name = fc.array(fc.oneof(text, wrong), { minLength: 1, maxLength: 5 });
    fc.assert(
      fc.property(name, (parts) => {
        const given = parts.join('');
        const encoded = encodedEntryName(given);
        if (typeof encoded !== 'string') return;
        expect(parseEntryName(encoded)).toBe(encoded);
        const isAsGiven = encoded === given.normalize('NFC');
        expect(isAsGiven ? given : decodeURIComponent(encoded)).toSatisfy(
          (was: string) => was.normalize('NFC') === given.normalize('NFC'),
        );
      }),
    );
  });
});
