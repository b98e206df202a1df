import { describe, expect, it } from 'vitest';
import { isInnerLink } from '../../../../src/protocol/transfer/entries/link-target.ts';

const PATH = ['top', 'sub', 'link'];

describe('a link', () => {
  it.each(['file', './file', 'deep/file', '../file', '../sub2/file', 'a//b', '.hidden'])(
    'to %s stays inside the tree',
    (target) => {
      expect(isInnerLink(PATH, target)).toBe(true);
    },
  );

  it.each([
    '',
    '.',
    '..',
    '../..',
    '../../other',
    '../../top/sub/file',
    '/etc/passwd',
    'file/../other',
    'C:/windows',
    'a\\b',
    'nul',
    'file\u202e',
    'x'.repeat(4096),
    // Few enough characters, too many bytes.
    Array.from({ length: 40 }, () => 'ü'.repeat(100)).join('/'),
  ])('to %j is refused', (target) => {
    expect(isInnerLink(PATH, target)).toBe(false);
  });

  it('at the top leads nowhere inside', () => {
    expect(isInnerLink(['link'], 'file')).toBe(false);
  });
});
