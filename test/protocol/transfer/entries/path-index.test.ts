import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  collisionKey,
  type EntryName,
} from '../../../../src/protocol/transfer/entries/entry-name.ts';
import { PathIndex } from '../../../../src/protocol/transfer/entries/path-index.ts';
import { entryName } from '../transfer-pair.ts';

const path = (text: string): EntryName[] => text.split('/').map(entryName);

/** The same by looking at all that was added before. */
class AllPaths {
  readonly #known: { readonly path: readonly EntryName[]; readonly isFolder: boolean }[] = [];

  add(added: readonly EntryName[], isFolder: boolean): boolean {
    const collides = this.#known.some((known) => {
      const shared = sharedDepth(known.path, added);
      const [isAll, isAllKnown] = [shared === added.length, shared === known.path.length];
      if (isAll && isAllKnown) return true;
      if (isAllKnown && !known.isFolder) return true;
      if (isAll && !isFolder) return true;
      const [one, other] = [known.path[shared], added[shared]];
      return one !== undefined && other !== undefined && collisionKey(one) === collisionKey(other);
    });
    if (!collides) this.#known.push({ path: added, isFolder });
    return !collides;
  }
}

function sharedDepth(one: readonly string[], other: readonly string[]): number {
  let depth = 0;
  while (depth < one.length && one[depth] === other[depth]) depth += 1;
  return depth;
}

describe('an index of paths', () => {
  it('takes what can lie side by side, in any order', () => {
    const name = fc.constantFrom('a', 'A', 'b').map(entryName);
    const added = fc.tuple(fc.array(name, { minLength: 1, maxLength: 3 }), fc.boolean());
    const property = fc.property(fc.array(added, { maxLength: 12 }), (all) => {
      const index = new PathIndex();
      const model = new AllPaths();
      for (const [names, isFolder] of all) {
        const isTaken = model.add(names, isFolder);
        expect(index.add(names, isFolder)).toBe(isTaken);
        // What has collided may have left folders on the way to it, which an offer never outlives.
        if (!isTaken) return;
      }
    });
    fc.assert(property, { numRuns: 1000 });
  });

  it('takes nothing more of a folder that is closed, nor a folder in its place', () => {
    const index = new PathIndex();
    expect(index.add(path('top'), true)).toBe(true);
    expect(index.add(path('top/in'), true)).toBe(true);
    expect(index.add(path('top/in/a'), false)).toBe(true);
    index.close(path('top/in'));
    expect(index.add(path('top/in/b'), false)).toBe(false);
    expect(index.add(path('top/in'), true)).toBe(false);
    expect(index.add(path('top/b'), false)).toBe(true);
  });
});
