import { describe, expect, it } from 'vitest';
import { ByteWriter } from '../../../src/protocol/wire/byte-writer.ts';

describe('ByteWriter', () => {
  it('keeps what was written when it grows in the middle of any kind of value', () => {
    const writer = new ByteWriter(1);
    writer.uint8(0x01);
    writer.uint16(0x0203);
    writer.uint32(0x04050607);
    writer.uint64(0x08090a0b0c0d0e0fn);
    writer.bytes(Uint8Array.from({ length: 40 }, (_, i) => 0x10 + i));
    writer.zeros(100);
    const expected = [...Array.from({ length: 0x38 }, (_, i) => i).slice(1), ...Array(100).fill(0)];
    expect([...writer.finish()]).toEqual(expected);
  });

  it('refuses what no varint can be', () => {
    expect(() => new ByteWriter().varint(-1)).toThrow('unreachable');
    expect(() => new ByteWriter().varint(2 ** 53)).toThrow('unreachable');
    expect(() => new ByteWriter().varint(0.5)).toThrow('unreachable');
  });
});
