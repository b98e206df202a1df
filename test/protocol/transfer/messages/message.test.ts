import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { ERROR_CODES } from '../../../../src/protocol/errors.ts';
import {
  answerPages,
  NOTHING_HELD,
} from '../../../../src/protocol/transfer/messages/answer-message.ts';
import { donePages } from '../../../../src/protocol/transfer/messages/done-message.ts';
import {
  errorNumber,
  errorOfNumber,
} from '../../../../src/protocol/transfer/messages/error-number.ts';
import {
  decodeMessage,
  encodeCancel,
  encodeDecline,
  encodeVerified,
} from '../../../../src/protocol/transfer/messages/message.ts';
import { offerPages } from '../../../../src/protocol/transfer/messages/offer-message.ts';
import { fileEntry } from '../transfer-pair.ts';

const hexes = (pages: Iterable<Uint8Array>): string[] =>
  [...pages].map((page) => Buffer.from(page).toString('hex'));
const decode = (hex: string): unknown => decodeMessage(Buffer.from(hex, 'hex'));

const PLACE = `41a4c000018bcfe568000105612e747874`;
const ALL_TAKEN = {
  takesCompressed: true,
  takesGroups: true,
  takesShort: true,
  takesZstd: true,
};
const OFFER = `0101140141004080011c01${PLACE}41000000000000000001`;

describe('messages', () => {
  it('are on the wire what the document says', () => {
    const entry = fileEntry('a.txt', 256);
    expect(hexes(offerPages([entry], 256, 20, 128))).toEqual([OFFER]);
    expect(hexes(answerPages(NOTHING_HELD))).toEqual(['02000d000000']);
    expect(hexes(answerPages(NOTHING_HELD, { limit: 10_000 }))).toEqual(['02000f0000006710']);
    expect(hexes(answerPages(NOTHING_HELD, { takesShort: true }))).toEqual(['02001d000000']);
    expect(hexes(answerPages(NOTHING_HELD, { takesZstd: true }))).toEqual(['02002d000000']);
    const have = [{ entry: 0, first: 64, count: 3 }];
    const skipped = [{ first: 1, count: 2 }];
    const none = new Uint32Array(0);
    const bases = [
      { entry: 1, blockLog: 0, weak: none, strong: BigUint64Array.of(9n) },
      { entry: 1, blockLog: 12, weak: Uint32Array.of(0xabcdef01), strong: BigUint64Array.of(8n) },
    ];
    expect(hexes(answerPages({ skipped, have, bases }))).toEqual([
      '02000d01010201004040030201000001000000000000000901' + '0c0001abcdef010000000000000008',
    ]);
    expect(hexes([encodeDecline('P2P_TARGET_EXISTS')])).toEqual(['020113']);
    const digest = BigUint64Array.of(0x0123456789abcdefn);
    expect(hexes(donePages([entry], digest))).toEqual(['03000141000123456789abcdef']);
    expect(hexes([encodeVerified()])).toEqual(['04']);
    expect(hexes([encodeCancel('P2P_DISK_FULL', 'receiver')])).toEqual(['051502']);
    expect(hexes([encodeCancel('P2P_SOURCE_CHANGED', 'sender')])).toEqual(['051101']);
  });

  it('are read back with all their fields, whatever follows them', () => {
    const offered = {
      kind: 'file',
      mode: 0o644,
      size: 256,
      mtimeMs: 1_700_000_000_000,
      path: [Buffer.from('a.txt')],
      version: 1n,
    };
    expect(decode(`${OFFER}ffff`)).toEqual({
      kind: 'offer',
      chunkLog: 20,
      totalEntries: 1,
      totalBytes: 256,
      storedBytes: 128,
      last: true,
      entries: [offered],
    });
    const have = [{ entry: 0, first: 64, count: 3 }];
    const skipped = [{ first: 1, count: 2 }];
    const bases = [
      {
        entry: 1,
        blockLog: 12,
        first: 0,
        weak: Uint32Array.of(0xabcdef01),
        strong: BigUint64Array.of(8n),
      },
    ];
    const accept = { kind: 'accept', last: true, ...ALL_TAKEN, skipped, have, bases };
    const known = '010102010040400301010c0001abcdef010000000000000008ff';
    expect(decode(`02003d${known}`)).toEqual(accept);
    expect(decode('020113ff')).toEqual({ kind: 'decline', reason: 'P2P_TARGET_EXISTS' });
    const entries = [{ size: 256, digest: 0x0123456789abcdefn }];
    expect(decode('03000141000123456789abcdefff')).toEqual({ kind: 'done', first: 0, entries });
    expect(decode('04ff')).toEqual({ kind: 'verified' });
    const cancel = { kind: 'cancel', code: 'P2P_DISK_FULL', side: 'receiver' };
    expect(decode('051502ff')).toEqual(cancel);
  });
});

describe('an acceptance', () => {
  it('says by its flags what its receiver takes', () => {
    const nothing = { kind: 'accept', last: true, skipped: [], have: [], bases: [] };
    const all = { ...nothing, ...ALL_TAKEN };
    expect(decode('02003d000000')).toEqual(all);
    expect(decode('02001d000000')).toEqual({ ...all, takesZstd: false });
    expect(decode('02002d000000')).toEqual({ ...all, takesShort: false });
    expect(decode('020035000000')).toEqual({ ...all, takesGroups: false });
    expect(decode('020039000000')).toEqual({ ...all, takesCompressed: false });
  });
});

describe('messages that we did not write', () => {
  it('of unknown types are left to newer versions', () => {
    expect(decode('06')).toEqual({ kind: 'unknown' });
    expect(decode('ff0102')).toEqual({ kind: 'unknown' });
  });

  it.each([
    '',
    '01',
    '0101140141',
    '010114014100ff',
    `${OFFER.slice(0, -2)}`,
    '02',
    '0202',
    '0200010a0000',
    '0200010003000000',
    '0300c01fffffffffffff',
    '05',
    '051503',
  ])('that are malformed are refused: %s', (hex) => {
    expect(decode(hex)).toBeUndefined();
  });

  it('never throw, whatever comes', () => {
    const property = fc.property(
      fc.integer({ min: 0, max: 6 }),
      fc.uint8Array({ maxLength: 80 }),
      (type, rest) => {
        decodeMessage(Uint8Array.of(type, ...rest));
      },
    );
    fc.assert(property, { numRuns: 2000 });
  });
});

describe('error numbers', () => {
  it('stand for every code, each for one', () => {
    const numbers = ERROR_CODES.map(errorNumber);
    expect(new Set(numbers).size).toBe(ERROR_CODES.length);
    expect(numbers.map(errorOfNumber)).toEqual([...ERROR_CODES]);
  });

  it('of a newer version mean a cancellation', () => {
    expect(errorOfNumber(200)).toBe('P2P_CANCELLED');
  });
});
