import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { PathReader } from '../../../../src/protocol/transfer/entries/path-reader.ts';

const bytes = (names: readonly string[]): Uint8Array[] => {
  return names.map((name) => new TextEncoder().encode(name));
};

describe('the paths of a page', () => {
  it('are what each says, whatever the one before has said', () => {
    const name = fc.constantFrom('a', 'b', 'ab', 'ä', 'a\u0308');
    const paths = fc.array(fc.array(name, { minLength: 1, maxLength: 4 }), { maxLength: 20 });
    const property = fc.property(paths, (all) => {
      const reader = new PathReader();
      for (const each of all) {
        expect(reader.read(bytes(each))).toEqual(each.map((one) => one.normalize('NFC')));
      }
    });
    fc.assert(property);
  });

  it('are refused for each bad name, and are good again without it', () => {
    const reader = new PathReader();
    const refused = { code: 'P2P_NAME_REFUSED' };
    expect(reader.read(bytes(['top', '..']))).toMatchObject(refused);
    expect(reader.read([...bytes(['top']), Uint8Array.of(0xff)])).toMatchObject(refused);
    expect(reader.read(bytes(['top', 'a']))).toEqual(['top', 'a']);
    expect(reader.read(bytes(['top', '..']))).toMatchObject(refused);
    const long = new Array(30).fill('x'.repeat(140));
    expect(reader.read(bytes(long))).toMatchObject({ ...refused, detail: 'path too long' });
    expect(reader.read(bytes(['a', 'top']))).toEqual(['a', 'top']);
  });
});
