import { describe, expect, it } from 'vitest';
import { crc32 } from '../../../src/protocol/wire/crc32.ts';

describe('crc32', () => {
  it('yields the published check value', () => {
    expect(crc32(new TextEncoder().encode('123456789'))).toBe(0xcbf43926);
  });

  it('is zero for nothing', () => {
    expect(crc32(new Uint8Array(0))).toBe(0);
  });
});
