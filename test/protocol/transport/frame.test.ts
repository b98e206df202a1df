import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  type AckFrame,
  readFrames,
  writeAck,
  writeClose,
  writePing,
} from '../../../src/protocol/transport/frame.ts';
import { ByteWriter } from '../../../src/protocol/wire/byte-writer.ts';
import { RangeSet } from '../../../src/protocol/wire/range-set.ts';

function setOf(...ranges: [start: number, end: number][]): RangeSet {
  const set = new RangeSet();
  for (const [start, end] of ranges) set.add(start, end);
  return set;
}

/** The ranges of a set, newest first, half-open. */
function rangesOf(set: RangeSet): [number, number][] {
  const ranges: [number, number][] = [];
  for (let i = set.rangeCount - 1; i >= 0; i -= 1) ranges.push([set.start(i), set.end(i)]);
  return ranges;
}

function ackBytes(ack: Partial<Omit<AckFrame, 'kind'>>): Uint8Array {
  const writer = new ByteWriter();
  const received = setOf([0, 1]);
  writeAck(writer, { delayMicros: 0, credit: 0, strict: false, rejected: [], received, ...ack });
  return writer.finish();
}

function bytes(hex: string): Uint8Array {
  return Buffer.from(hex.replaceAll(' ', ''), 'hex');
}

function hex(written: Uint8Array): string {
  return Buffer.from(written).toString('hex');
}

// 100 to 199, 50 to 59 and 7; 1,000 us; credit 20; strict; record 5 has failed twice.
const GOLDEN = bytes('02 43e8 14 01 01 05 02 03 40c7 4063 27 09 29 00');

describe('an ACK frame', () => {
  it('has exactly these bytes', () => {
    const written = ackBytes({
      delayMicros: 1000,
      credit: 20,
      strict: true,
      rejected: [{ record: 5, attempt: 2 }],
      received: setOf([7, 8], [50, 60], [100, 200]),
    });
    expect(hex(written)).toBe(hex(GOLDEN));
  });

  it('without any range has exactly these bytes, and is read from them', () => {
    const empty = ackBytes({ credit: 20, strict: true, received: new RangeSet() });
    expect(hex(empty)).toBe('020014010000');
    const frames = readFrames(empty) as [AckFrame];
    expect(frames[0]).toMatchObject({ credit: 20, strict: true, rejected: [] });
    expect(frames[0].received.rangeCount).toBe(0);
  });

  it('is read from these bytes', () => {
    const [frame, ...others] = readFrames(GOLDEN) ?? [];
    expect(others).toEqual([]);
    expect(frame).toMatchObject({
      kind: 'ack',
      delayMicros: 1000,
      credit: 20,
      strict: true,
      rejected: [{ record: 5, attempt: 2 }],
    });
    expect(rangesOf((frame as AckFrame).received)).toEqual([
      [100, 200],
      [50, 60],
      [7, 8],
    ]);
  });

  it('carries the newest 64 of any set of ranges through the wire', () => {
    const span = fc.tuple(fc.integer({ min: 1, max: 300 }), fc.integer({ min: 1, max: 300 }));
    fc.assert(
      fc.property(
        fc.integer({ min: 0, max: 2 ** 40 }),
        fc.array(span, { minLength: 1, maxLength: 90 }),
        (base, spans) => {
          const received = new RangeSet();
          let at = base;
          for (const [gap, length] of spans) {
            received.add(at, at + length);
            at += length + gap;
          }
          const frame = readFrames(ackBytes({ received }))?.[0] as AckFrame;
          expect(rangesOf(frame.received)).toEqual(rangesOf(received).slice(0, 64));
        },
      ),
    );
  });

  it('fits one datagram of 1,200 bytes with the most that it can carry', () => {
    const ranges = Array.from({ length: 64 }, (_, i): [number, number] => {
      const start = 2 ** 39 + i * 40_000;
      return [start, start + 20_000];
    });
    const rejected = Array.from({ length: 8 }, (_, i) => ({ record: 2 ** 32 - 9 + i, attempt: 9 }));
    const full = { delayMicros: 1e6, credit: 2 ** 32 - 1, strict: true, rejected };
    // Prefix 11, packet number 5, AEAD tag 16.
    expect(ackBytes({ ...full, received: setOf(...ranges) }).length).toBeLessThan(1200 - 32);
  });
});

describe('frames that are not well-formed', () => {
  it.each([
    ['a type that does not exist', '04'],
    ['65 ranges', `02 00 00 00 00 4041 5000 00${'00 00'.repeat(64)}`],
    ['nine rejected records', `02 00 00 00 09 ${'01 01'.repeat(9)} 01 05 00`],
    ['a first range below zero', '02 00 00 00 00 01 05 06'],
    ['a gap below zero', '02 00 00 00 00 02 05 02 05 00'],
    ['a range below zero', '02 00 00 00 00 02 05 02 00 02'],
    ['a number above 2^53', '02 00 00 00 00 01 ffffffffffffffff 00'],
    ['a reason of 121 bytes', `03 10 4079 ${'61'.repeat(121)}`],
  ])('%s are refused', (_what, frame) => {
    expect(readFrames(bytes(frame))).toBeUndefined();
    // What came before it is not taken either.
    expect(readFrames(bytes(`01 ${frame}`))).toBeUndefined();
  });

  it('64 ranges and eight rejected records are still taken', () => {
    const many = `02 00 00 00 08 ${'01 01'.repeat(8)} 4040 5000 00${'00 00'.repeat(63)}`;
    const frames = readFrames(bytes(many)) as [AckFrame];
    expect(frames[0].received.rangeCount).toBe(64);
    expect(frames[0].rejected.length).toBe(8);
  });

  it('cut short after any byte, an ACK is refused', () => {
    for (let length = 1; length < GOLDEN.length; length += 1) {
      expect(readFrames(GOLDEN.subarray(0, length)), `${length} bytes`).toBeUndefined();
    }
  });

  it('no bytes whatever make the reader throw', () => {
    const changed = fc
      .array(fc.tuple(fc.nat({ max: GOLDEN.length - 1 }), fc.nat({ max: 255 })), { maxLength: 4 })
      .map((changes) => {
        const copy = GOLDEN.slice();
        for (const [at, value] of changes) copy[at] = value;
        return copy;
      });
    fc.assert(
      fc.property(fc.oneof(fc.uint8Array({ maxLength: 60 }), changed), (input) => {
        for (const frame of readFrames(input) ?? []) {
          if (frame.kind !== 'ack') continue;
          expect(frame.received.rangeCount).toBeLessThanOrEqual(64);
          if (frame.received.rangeCount > 0) {
            expect(frame.received.start(0)).toBeGreaterThanOrEqual(0);
          }
        }
      }),
      { numRuns: 2000 },
    );
  });
});

describe('PING and CLOSE frames', () => {
  it('have exactly these bytes', () => {
    const writer = new ByteWriter();
    writePing(writer);
    writeClose(writer, 300, 'bye');
    expect(hex(writer.finish())).toBe('01' + '03412c03627965');
    expect(readFrames(writer.finish())).toEqual([
      { kind: 'ping' },
      { kind: 'close', code: 300, reason: 'bye' },
    ]);
  });

  it('a reason that is too long is cut, not refused', () => {
    const writer = new ByteWriter();
    writeClose(writer, 1, 'x'.repeat(500));
    expect(readFrames(writer.finish())).toEqual([
      { kind: 'close', code: 1, reason: 'x'.repeat(120) },
    ]);
  });
});
