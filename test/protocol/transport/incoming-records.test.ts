import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { AEAD_TAG_BYTES, CipherSuite } from '../../../src/protocol/ports.ts';
import {
  IncomingRecords,
  MAX_RECORD_BYTES,
  type SliceOutcome,
} from '../../../src/protocol/transport/incoming-records.ts';
import { RecordCipher } from '../../../src/protocol/transport/record-cipher.ts';
import { crypto } from './record-end.ts';

const KEY = new Uint8Array(32).fill(3);
const MIB = 2 ** 20;

function cipher(): RecordCipher {
  return new RecordCipher(crypto, CipherSuite.aes256Gcm, KEY);
}

function incoming(window = 4 * MIB): IncomingRecords {
  return new IncomingRecords(cipher(), window);
}

function plaintext(length: number): Uint8Array {
  return Uint8Array.from({ length }, (_, i) => (i * 7 + (i >> 8)) & 0xff);
}

function sealed(record: number, length: number): Uint8Array {
  const into = new Uint8Array(length + AEAD_TAG_BYTES);
  cipher().sealInto(record, [plaintext(length)], into);
  return into;
}

interface Part {
  readonly record?: number;
  readonly start?: number;
  readonly end?: number;
  readonly recordLength?: number;
  readonly sealed?: boolean;
}

/** Gives the bytes [start, end) of `whole` as a slice of a record. */
function give(to: IncomingRecords, whole: Uint8Array, part: Part = {}): SliceOutcome {
  const { record = 0, start = 0, end = whole.length, recordLength = whole.length } = part;
  const length = end - start;
  const sealed = part.sealed ?? false;
  const bytes = { source: whole, start, stride: length, sliceBytes: length, length, sealed };
  return to.receive({ record, recordLength, offset: start }, bytes);
}

function spoilt(whole: Uint8Array): Uint8Array {
  const copy = new Uint8Array(whole);
  copy[0] = (copy[0] ?? 0) ^ 1;
  return copy;
}

describe('putting records together', () => {
  it('works from any slicing in any order, with overlaps and repetitions', () => {
    const slices = fc.array(fc.tuple(fc.nat({ max: 499 }), fc.integer({ min: 1, max: 200 })));
    fc.assert(
      fc.property(slices, fc.integer(), (extra, seed) => {
        const whole = sealed(0, 484);
        const parts = extra.map(([start, length]) => [start, Math.min(500, start + length)]);
        for (let start = 0; start < 500; start += 60)
          parts.push([start, Math.min(500, start + 60)]);
        parts.sort(([a = 0], [b = 0]) => ((a * seed) % 97) - ((b * seed) % 97));
        const to = incoming();
        const outcomes = parts.map(([start = 0, end = 0]) => give(to, whole, { start, end }));
        expect(outcomes.filter((outcome) => outcome === 'completed').length).toBe(1);
        expect(to.poll()).toEqual(Buffer.from(plaintext(484)));
        expect(to.poll()).toBeUndefined();
      }),
    );
  });

  it('hands records out as they complete, whatever their numbers', () => {
    const to = incoming();
    give(to, sealed(0, 10), { start: 0, end: 5 });
    expect(give(to, sealed(3, 30), { record: 3 })).toBe('completed');
    expect(give(to, sealed(1, 20), { record: 1 })).toBe('completed');
    expect(give(to, sealed(0, 10), { start: 5, end: 26 })).toBe('completed');
    expect([to.poll()?.length, to.poll()?.length, to.poll()?.length]).toEqual([30, 20, 10]);
  });

  it('knows a slice of a complete record, and one that brings nothing new', () => {
    const to = incoming();
    const whole = sealed(0, 100);
    expect(give(to, whole, { end: 50 })).toBe('stored');
    expect(give(to, whole, { start: 10, end: 40 })).toBe('known');
    expect(give(to, whole, { start: 50 })).toBe('completed');
    expect(give(to, whole)).toBe('known');
  });
});

describe('slices that are refused', () => {
  it.each<[string, number, Part]>([
    ['an empty one', 100, { start: 40, end: 40, recordLength: 100 }],
    ['one past the end of its record', 100, { start: 0, end: 100, recordLength: 99 }],
    ['one of a record that is only a tag', 16, { recordLength: 16 }],
    ['one of a record longer than a batch', 10, { recordLength: MAX_RECORD_BYTES + 1 }],
    ['one of a record beyond the credit', 10, { record: 64, recordLength: 100 }],
  ])('%s', (_what, length, part) => {
    const to = incoming();
    expect(to.credit).toBe(64);
    expect(give(to, new Uint8Array(length), part)).toBe('refused');
  });

  it('one that gives the record another length', () => {
    const to = incoming();
    const whole = sealed(0, 100);
    give(to, whole, { end: 50 });
    expect(give(to, whole, { start: 50, end: 60, recordLength: 90 })).toBe('refused');
    expect(give(to, whole, { start: 50 })).toBe('completed');
  });
});

describe('records that do not open', () => {
  it('have failed if any slice was not sealed by itself, and are asked for again', () => {
    const to = incoming();
    const whole = sealed(2, 100);
    give(to, spoilt(whole), { record: 2, end: 50, sealed: true });
    expect(give(to, whole, { record: 2, start: 50 })).toBe('failed');
    expect(to.rejected).toEqual([{ record: 2, attempt: 1 }]);
    expect(give(to, spoilt(whole), { record: 2 })).toBe('failed');
    expect(to.rejected).toEqual([{ record: 2, attempt: 2 }]);
    expect(give(to, whole, { record: 2 })).toBe('completed');
    expect(to.rejected).toEqual([]);
  });

  it('are broken if every slice was sealed: that is the peer itself', () => {
    const to = incoming();
    expect(give(to, spoilt(sealed(0, 100)), { sealed: true })).toBe('broken');
    expect(to.rejected).toEqual([{ record: 0, attempt: 1 }]);
  });

  it('are given up when they are in more pieces than slices can leave', () => {
    const to = incoming();
    const whole = sealed(0, 1000);
    const outcomes = Array.from({ length: 65 }, (_, i) =>
      give(to, whole, { start: 2 * i, end: 2 * i + 1 }),
    );
    expect(outcomes.slice(0, 64)).toEqual(Array(64).fill('stored'));
    expect(outcomes[64]).toBe('failed');
    expect(give(to, whole)).toBe('completed');
  });

  it('keep the slice that completed them unacknowledged until they open', () => {
    const to = incoming();
    const whole = sealed(0, 100);
    give(to, spoilt(whole), { end: 50 });
    expect(give(to, whole, { start: 50 })).toBe('failed');
    // The sender does not know yet. If it had all slices acknowledged, it would forget the record.
    expect(give(to, whole, { start: 50 })).toBe('withheld');
    expect(give(to, whole, { start: 40, end: 60 })).toBe('withheld');
    expect(give(to, whole, { start: 50 })).toBe('withheld');
    expect(give(to, whole, { end: 40 })).toBe('completed');
    expect(give(to, whole, { start: 50 })).toBe('known');
  });

  it('are named at most eight at a time', () => {
    const to = incoming();
    for (let record = 0; record < 12; record += 1) {
      give(to, spoilt(sealed(record, 10)), { record });
    }
    expect(to.rejected.map(({ record }) => record)).toEqual([0, 1, 2, 3, 4, 5, 6, 7]);
    give(to, sealed(1, 10), { record: 1 });
    expect(to.rejected.map(({ record }) => record)).toEqual([0, 2, 3, 4, 5, 6, 7, 8]);
  });
});

describe('credit', () => {
  it('covers the window, but at least sixteen records', () => {
    // 16 MiB / 65,000 bytes.
    expect(incoming(16 * MIB).credit).toBe(258);
    expect(incoming(1).credit).toBe(16);
  });

  it('grows with the window, at once', () => {
    const to = incoming(16 * MIB);
    to.growWindow(32 * MIB);
    expect(to.credit).toBe(516);
    to.growWindow(MIB);
    expect(to.credit).toBe(516);
  });

  it('never shrinks, and never lets more wait than the window holds', () => {
    const step = fc.oneof(
      fc.record({ kind: fc.constant('begin'), pick: fc.nat({ max: 99 }) }),
      fc.record({ kind: fc.constant('complete'), pick: fc.nat({ max: 99 }) }),
      fc.record({ kind: fc.constant('release'), pick: fc.nat({ max: 99 }) }),
    );
    const size = fc.constantFrom(10, 5000, MAX_RECORD_BYTES - 16);
    fc.assert(
      fc.property(fc.array(step, { maxLength: 80 }), size, (steps, bytes) => {
        const to = incoming(2 * MIB);
        const done = new Set<number>();
        let held = 0;
        for (const { kind, pick } of steps) {
          const before = to.credit;
          const record = pick % to.credit;
          if (kind === 'release' && held > 0) {
            held -= bytes;
            to.release(bytes);
          } else if (
            kind === 'complete' &&
            give(to, sealed(record, bytes), { record }) === 'completed'
          ) {
            done.add(record);
            held += to.poll()?.length ?? 0;
          }
          expect(to.credit).toBeGreaterThanOrEqual(before);
          // Every record below the credit that is not complete may be waiting, at full length.
          const worst = held + (to.credit - done.size) * MAX_RECORD_BYTES;
          expect(worst).toBeLessThanOrEqual(2 * MIB);
        }
      }),
      { numRuns: 60 },
    );
  });

  it('grows again by what is released', () => {
    const to = incoming(2 * MIB);
    expect(to.credit).toBe(32);
    for (let record = 0; record < 32; record += 1) {
      give(to, sealed(record, 60_000), { record });
    }
    // All 32 are complete, 1.92 MB are held, two more fit.
    expect(to.credit).toBe(34);
    expect(to.release(60_000)).toBe(true);
    expect(to.credit).toBe(35);
    for (let i = 0; i < 31; i += 1) to.release(60_000);
    expect(to.credit).toBe(64);
  });
});
