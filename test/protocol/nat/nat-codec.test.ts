import { fc, test } from '@fast-check/vitest';
import { describe, expect, it } from 'vitest';
import type { NatBehavior, PortAllocation } from '../../../src/protocol/nat/nat-behavior.ts';
import { readNatBehavior, writeNatBehavior } from '../../../src/protocol/nat/nat-codec.ts';
import { ByteReader } from '../../../src/protocol/wire/byte-reader.ts';
import { ByteWriter } from '../../../src/protocol/wire/byte-writer.ts';

function encode(behavior: NatBehavior): Uint8Array {
  const writer = new ByteWriter();
  writeNatBehavior(writer, behavior);
  return writer.finish();
}

function decode(bytes: Uint8Array): NatBehavior | undefined {
  return readNatBehavior(new ByteReader(bytes));
}

const dependence = fc.constantFrom(
  'unknown' as const,
  'endpoint-independent' as const,
  'address-dependent' as const,
  'address-and-port-dependent' as const,
);
const allocation: fc.Arbitrary<PortAllocation> = fc.oneof(
  fc.record({ kind: fc.constantFrom('unknown' as const, 'preserving' as const) }),
  fc.record({ kind: fc.constant('random' as const) }),
  fc.record({ kind: fc.constant('sequential' as const), step: fc.integer({ min: 1, max: 64 }) }),
  fc
    .tuple(fc.integer({ min: 1, max: 63_488 }), fc.integer({ min: 0, max: 2047 }))
    .map(([low, size]) => ({ kind: 'block' as const, low, high: low + size })),
);

describe('the behaviour of a NAT', () => {
  test.prop([fc.record({ mapping: dependence, filtering: dependence, allocation })])(
    'is read as it was written',
    (behavior) => {
      expect(decode(encode(behavior))).toEqual(behavior);
    },
  );

  it('has these bytes', () => {
    const block = { kind: 'block', low: 20_000, high: 20_511 } as const;
    const mapping = 'address-and-port-dependent';
    const bytes = encode({ mapping, filtering: 'endpoint-independent', allocation: block });
    expect(Buffer.from(bytes).toString('hex')).toBe('0301034e20501f');
  });

  test.prop([fc.uint8Array({ maxLength: 12 })])('never makes the reader throw', (bytes) => {
    const behavior = decode(bytes);
    if (behavior !== undefined) expect(encode(behavior).slice(0, 3)).toEqual(bytes.slice(0, 3));
  });

  it.each([
    ['an unknown mapping', '04000000000000'],
    ['an unknown allocation', '00000500000000'],
    ['a sequence without a step', '00000200000000'],
    ['a sequence with a step of 65', '00000200410000'],
    ['a block of 2,049 ports', '00000310001800'],
    ['a block that ends before it begins', '00000318001000'],
    ['a block from port 0', '00000300000010'],
    ['too few bytes', '030103'],
  ])('is not read from %s', (_what, hex) => {
    expect(decode(Uint8Array.from(Buffer.from(hex, 'hex')))).toBeUndefined();
  });
});
