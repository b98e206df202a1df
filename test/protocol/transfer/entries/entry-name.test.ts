import { posix, win32 } from 'node:path';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  collisionKey,
  isHidden,
  parseEntryName,
} from '../../../../src/protocol/transfer/entries/entry-name.ts';

const REFUSED = [
  ['', 'empty'],
  ['.', 'dots'],
  ['..', 'dots'],
  ['../x', 'separator'],
  ['/etc/x', 'separator'],
  ['a//b', 'separator'],
  ['\\\\h\\s', 'separator'],
  ['C:\\x', 'separator'],
  ['C:', 'reserved character'],
  ['x:ads', 'reserved character'],
  ['what?', 'reserved character'],
  ['a\u0000b', 'invisible character'],
  ['a\u001b[2J', 'invisible character'],
  ['a\u0085', 'invisible character'],
  ['photo\u202egpj.exe', 'invisible character'],
  ['a\u2069', 'invisible character'],
  ['a\u200b', 'invisible character'],
  ['\ufeffa', 'invisible character'],
  ['a\u2028b', 'invisible character'],
  ['\u3164', 'invisible character'],
  ['\ud800', 'not unicode'],
  ['a\ufffd', 'not unicode'],
  ['x.', 'trailing dot or space'],
  ['x ', 'trailing dot or space'],
  ['...', 'trailing dot or space'],
  ['CON', 'device name'],
  ['nul.txt', 'device name'],
  ['nul.tar.gz', 'device name'],
  ['COM1 .log', 'device name'],
  ['com\u00b9', 'device name'],
  ['LPT0', 'device name'],
  ['conin$', 'device name'],
  ['.p2pshare-abcdef', 'reserved by p2pshare'],
  ['.P2PSHARE-x', 'reserved by p2pshare'],
  ['a'.repeat(256), 'too long'],
  ['\u00e9'.repeat(128), 'too long'],
  ['x'.repeat(1_000_000), 'too long'],
];

describe('parseEntryName', () => {
  it.each([
    ['report.pdf', 'report.pdf'],
    ['e\u0301te\u0301.txt', '\u00e9t\u00e9.txt'],
    ['.bashrc', '.bashrc'],
    ['movie.part', 'movie.part'],
    ['~', '~'],
    ['-rf', '-rf'],
    ['__proto__', '__proto__'],
    ['console.log', 'console.log'],
    ['COM10.txt', 'COM10.txt'],
    ['ملف.pdf', 'ملف.pdf'],
    ['👍🏽 ❤️.jpg', '👍🏽 ❤️.jpg'],
    ['全角：コロン.mkv', '全角：コロン.mkv'],
    ['a'.repeat(255), 'a'.repeat(255)],
    ['e\u0301'.repeat(127), '\u00e9'.repeat(127)],
  ])('accepts %j', (text, name) => {
    expect(parseEntryName(text)).toBe(name);
  });
});

describe('parseEntryName, on names that are not safe everywhere', () => {
  it.each(REFUSED)('refuses %j: %s', (text, refused) => {
    expect(parseEntryName(text)).toEqual({ refused });
  });

  it('refuses every character that controls, breaks lines or does not show, wherever it stands', () => {
    const never =
      /\u{34f}|[\p{Cc}\p{Cf}\p{Zl}\p{Zp}\p{Cs}\u{115f}\u{1160}\u{3164}\u{ffa0}\u{fffd}]/u;
    const accepted: string[] = [];
    for (let code = 0; code <= 0x10ffff; code += 1) {
      const character = String.fromCodePoint(code);
      if (!never.test(character)) continue;
      const names = [character, `${character}a`, `a${character}`, `a${character}b.txt`];
      accepted.push(...names.filter((name) => typeof parseEntryName(name) === 'string'));
    }
    expect(accepted).toEqual([]);
  });

  it('accepts no name that leaves its folder, by POSIX or by Windows rules', () => {
    const piece = fc.constantFrom(
      '..',
      '.',
      '/',
      '\\',
      ':',
      'C:',
      '~',
      ' ',
      'a',
      '\u0000',
      'NUL',
      '?',
    );
    const text = fc.oneof(
      fc.array(piece, { maxLength: 5 }).map((pieces) => pieces.join('')),
      fc.string({ unit: 'binary', maxLength: 12 }),
    );
    const property = fc.property(text, (candidate) => {
      const name = parseEntryName(candidate);
      if (typeof name !== 'string') return;
      for (const [path, root] of [
        [posix, '/home/root'],
        [win32, 'C:\\home\\root'],
      ] as const) {
        expect(path.dirname(path.join(root, name))).toBe(root);
        expect(path.dirname(path.resolve(root, name))).toBe(root);
        expect(path.basename(path.join(root, name))).toBe(name);
      }
      expect(parseEntryName(name)).toBe(name);
    });
    fc.assert(property, { numRuns: 1000 });
  });
});

describe('collisionKey', () => {
  it.each([
    ['A', 'a'],
    ['\u00e9', 'e\u0301'],
    ['STRASSE', 'stra\u00dfe'],
    ['\u1e9e', 'ss'],
    ['\u212a', 'k'],
    ['\u03a3', '\u03c2'],
    ['\u017f', 's'],
    ['\u0130', 'i\u0307'],
  ])('is the same for %j and %j', (a, b) => {
    expect(collisionKey(a)).toBe(collisionKey(b));
  });

  it('tells different names apart', () => {
    expect(collisionKey('a')).not.toBe(collisionKey('b'));
    expect(collisionKey('\u00e9')).not.toBe(collisionKey('e'));
  });
});

describe('isHidden', () => {
  it('knows names that listings leave out', () => {
    expect(['.ssh', 'ssh', 'a.b'].map((name) => isHidden(name))).toEqual([true, false, false]);
  });
});
