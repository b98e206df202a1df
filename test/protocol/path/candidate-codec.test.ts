import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { decodeCandidates, encodeCandidates } from '../../../src/protocol/path/candidate-codec.ts';
import { endpoint } from './support.ts';

const two = [endpoint('192.168.1.2:5000'), endpoint('[2001:db8::1]:5001')];
const TWO_HEX =
  '02' + '04c0a801020000000000000000000000001388' + '0620010db80000000000000000000000011389';

describe('candidate codec', () => {
  it('writes a count and 19 bytes an endpoint', () => {
    expect(Buffer.from(encodeCandidates(two)).toString('hex')).toBe(TWO_HEX);
  });

  it('reads what it wrote, and ignores what follows', () => {
    expect(decodeCandidates(Buffer.from(TWO_HEX, 'hex'))).toEqual(two);
    expect(decodeCandidates(Buffer.from(`${TWO_HEX}ffff`, 'hex'))).toEqual(two);
    expect(decodeCandidates(Uint8Array.of(0))).toEqual([]);
  });

  it('writes the first 16 of many, within the 700 bytes of the box', () => {
    const many = Array.from({ length: 40 }, (_, i) => endpoint(`10.0.0.${i}:6000`));
    const bytes = encodeCandidates(many);
    expect(bytes).toHaveLength(305);
    expect(decodeCandidates(bytes)).toEqual(many.slice(0, 16));
  });

  it('refuses more than 16, short input and unknown families', () => {
    expect(decodeCandidates(new Uint8Array(0))).toBeUndefined();
    expect(decodeCandidates(new Uint8Array(400).fill(17, 0, 1))).toBeUndefined();
    expect(decodeCandidates(Buffer.from(TWO_HEX.slice(0, -2), 'hex'))).toBeUndefined();
    expect(decodeCandidates(Buffer.from(`01${'05'.repeat(19)}`, 'hex'))).toBeUndefined();
  });

  it('throws on no input', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 400 }), (bytes) => {
        expect(decodeCandidates(bytes)?.length ?? 0).toBeLessThanOrEqual(16);
      }),
    );
  });
});
