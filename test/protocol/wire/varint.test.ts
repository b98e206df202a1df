import { describe, expect, it } from 'vitest';
import { ByteReader } from '../../../src/protocol/wire/byte-reader.ts';
import { ByteWriter } from '../../../src/protocol/wire/byte-writer.ts';

describe('varint (RFC 9000 §16, appendix A.1)', () => {
  // The four samples of the appendix; the first is above 2^53 and has no safe number.
  it.each([
    ['9d7f3e7d', 494_878_333],
    ['7bbd', 15_293],
    ['25', 37],
    ['4025', 37],
  ])('decodes the published sample %s', (hex, value) => {
    expect(new ByteReader(Buffer.from(hex, 'hex')).varint()).toBe(value);
  });

  it('refuses the published eight-byte sample, which no size or offset here can be', () => {
    const reader = new ByteReader(Buffer.from('c2197c5eff14e88c', 'hex'));
    expect(reader.varint()).toBeUndefined();
    expect(reader.remaining).toBe(8);
  });

  it.each([
    [0, '00'],
    [63, '3f'],
    [64, '4040'],
    [16_383, '7fff'],
    [16_384, '80004000'],
    [2 ** 30 - 1, 'bfffffff'],
    [2 ** 30, 'c000000040000000'],
    [Number.MAX_SAFE_INTEGER, 'c01fffffffffffff'],
  ])('writes %d in the shortest form', (value, hex) => {
    const writer = new ByteWriter();
    writer.varint(value);
    expect(Buffer.from(writer.finish()).toString('hex')).toBe(hex);
    expect(new ByteReader(writer.view()).varint()).toBe(value);
  });

  it('reads nothing from input that ends inside the number', () => {
    for (const hex of ['', '40', '80ffff', 'c0ffffffffffff']) {
      expect(new ByteReader(Buffer.from(hex, 'hex')).varint()).toBeUndefined();
    }
  });
});
