import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  compressedFrame,
  dataHeader,
  dataRoom,
  deliveredFrame,
  type Frame,
  groupHeader,
  groupRoom,
  messageHeader,
  readFrame,
  shortFrame,
  sumFrame,
} from '../../../../src/protocol/transfer/messages/frame.ts';
import { ByteReader } from '../../../../src/protocol/wire/byte-reader.ts';

const hex = (bytes: Uint8Array): string => Buffer.from(bytes).toString('hex');
const read = (text: string): Frame | undefined =>
  readFrame(new ByteReader(Buffer.from(text, 'hex')));

describe('frames', () => {
  it('are on the wire what the document says', () => {
    expect(hex(dataHeader(5, 2 ** 20, 300))).toBe('010580100000412c');
    expect(hex(sumFrame(64, 1, 0x0123456789abcdefn))).toBe('024040010123456789abcdef');
    expect(hex(messageHeader(3, true, 2))).toBe('030302');
    expect(hex(messageHeader(3, false, 2))).toBe('040302');
    expect(hex(deliveredFrame(16))).toBe('0510');
    expect(hex(compressedFrame(5, 64, 300))).toBe('09054040412c');
    expect(hex(shortFrame(0, 64, 300, 50))).toBe('0b004040412c32');
    const group = { entry: 5, count: 64, size: 300, offset: 10 };
    expect(hex(groupHeader(group, 2))).toBe('0a054040412c0a02');
  });

  it('are read back with all their fields', () => {
    const bytes = Buffer.from('abc');
    expect(read('010580100000 03616263'.replace(' ', ''))).toEqual({
      kind: 'data',
      entry: 5,
      offset: 2 ** 20,
      bytes,
    });
    const sum = { kind: 'sum', entry: 64, chunk: 1, sum: 0x0123456789abcdefn };
    expect(read('024040010123456789abcdef')).toEqual(sum);
    const message = { kind: 'message', sequence: 3, body: Buffer.from('hi') };
    expect(read('0303026869')).toEqual({ ...message, last: true });
    expect(read('0403026869')).toEqual({ ...message, last: false });
    expect(read('0510')).toEqual({ kind: 'delivered', next: 16 });
    const compressed = { kind: 'compressed', entry: 5, chunk: 64, length: 300 };
    expect(read('09054040412c')).toEqual(compressed);
    const short = { kind: 'short', entry: 0, chunk: 64, length: 300, size: 50 };
    expect(read('0b004040412c32')).toEqual(short);
    const group = { kind: 'group', entry: 5, count: 64, size: 300, offset: 10 };
    expect(read('0a054040412c0a026869')).toEqual({ ...group, bytes: Buffer.from('hi') });
  });

  it.each([
    '00',
    '06',
    'ff0000',
    '01',
    '010500',
    '01050003',
    '010500036162',
    '020000012345',
    '0300ff',
    '0300c01fffffffffffff',
    '05',
    '05ffffffffffffffff',
    '0905404041',
    '0a054040412c0a0268',
    '0b004040412c',
    '0c',
  ])('are refused when unknown, cut short or beyond 2^53 - 1: %s', (text) => {
    expect(read(text)).toBeUndefined();
  });

  it('never read past the end, whatever comes', () => {
    const property = fc.property(fc.uint8Array({ maxLength: 40 }), (bytes) => {
      const reader = new ByteReader(bytes);
      const frame = readFrame(reader);
      expect(reader.remaining).toBeLessThanOrEqual(bytes.length);
      if (frame?.kind === 'data') expect(frame.bytes.length).toBeLessThan(bytes.length);
    });
    fc.assert(property, { numRuns: 1000 });
  });
});

describe('the room for data', () => {
  it.each([
    ['a file', dataRoomOf],
    ['a group', groupRoomOf],
  ])(
    'of %s is filled to within the two bytes by which a shorter length may be shorter',
    (_, of) => {
      const size = fc.integer({ min: 1, max: 70_000 });
      const property = fc.property(size, size, fc.maxSafeNat(), (room, available, offset) => {
        const { length, header } = of(room, available, offset);
        if (length <= 0) return;
        const taken = header().length + length;
        expect(taken).toBeLessThanOrEqual(room);
        expect(length === available || taken >= room - 2).toBe(true);
      });
      fc.assert(property, { numRuns: 500 });
    },
  );
});

function dataRoomOf(room: number, available: number, offset: number) {
  const length = dataRoom(1, offset, available, room);
  return { length, header: () => dataHeader(1, offset, length) };
}

function groupRoomOf(room: number, available: number, any: number) {
  const offset = any % 2 ** 30;
  const group = { entry: 1, count: 2, size: offset + available, offset };
  const length = groupRoom(group, room);
  return { length, header: () => groupHeader(group, length) };
}
