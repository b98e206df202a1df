import fc from 'fast-check';
import { expect, it } from 'vitest';
import { HeldSums } from '../../../src/io/target/held-sums.ts';

const ENTRIES = 3;

it('has what a map of maps would have', () => {
  const entry = fc.integer({ min: 0, max: ENTRIES - 1 });
  const chunk = fc.integer({ min: 0, max: 2 });
  const step = fc.oneof(
    fc.record({ kind: fc.constant('set' as const), entry, chunk, sum: fc.bigInt(0n, 9n) }),
    fc.record({ kind: fc.constant('delete' as const), entry, chunk }),
    fc.record({ kind: fc.constant('drop' as const), entry }),
  );
  const property = fc.property(fc.array(step), (steps) => {
    const held = new HeldSums(ENTRIES);
    const model = Array.from({ length: ENTRIES }, () => new Map<number, bigint>());
    for (const each of steps) {
      if (each.kind === 'set') {
        held.set(each.entry, each.chunk, each.sum);
        model[each.entry]?.set(each.chunk, each.sum);
      } else if (each.kind === 'delete') {
        held.delete(each.entry, each.chunk);
        model[each.entry]?.delete(each.chunk);
      } else {
        held.drop(each.entry);
        model[each.entry]?.clear();
      }
    }
    for (const [index, chunks] of model.entries()) {
      expect(new Map(held.of(index))).toEqual(chunks);
      expect(held.countOf(index)).toBe(chunks.size);
      for (const of of [0, 1, 2]) expect(held.get(index, of)).toBe(chunks.get(of));
    }
    const some = [...model.keys()].filter((index) => (model[index]?.size ?? 0) > 0);
    expect([...held.entries()]).toEqual(some);
  });
  fc.assert(property);
});
