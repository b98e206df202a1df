import fc from 'fast-check';
import { beforeAll, describe, expect, it } from 'vitest';
import { createHasher } from '../../../src/crypto/xxhash.ts';
import type { Hasher } from '../../../src/protocol/ports.ts';
import { donePages } from '../../../src/protocol/transfer/messages/done-message.ts';
import {
  compressedFrame,
  endFrame,
  shortFrame,
  sumFrame,
  zerosFrame,
} from '../../../src/protocol/transfer/messages/frame.ts';
import { encodeCancel, encodeVerified } from '../../../src/protocol/transfer/messages/message.ts';
import { TransferReceiver } from '../../../src/protocol/transfer/transfer-receiver.ts';
import { data, expectFailed, finishWrites, group, message, offer } from './receiver-support.ts';
import { fileEntry, joined, streamEntry } from './transfer-pair.ts';

let hasher: Hasher;
beforeAll(async () => {
  hasher = await createHasher();
});

const sumOfZeros = (length: number): bigint => hasher.xxh64(new Uint8Array(length));

function receiving(...sizes: readonly number[]): TransferReceiver {
  const receiver = new TransferReceiver({ hasher });
  const entries = sizes.map((size, index) => fileEntry(`f${index}`, size));
  receiver.handleRecord(message(0, offer(entries)));
  expect(receiver.pollEvent()).toMatchObject({ kind: 'offer' });
  receiver.accept();
  return receiver;
}

const done = (size: number, digest: bigint): Uint8Array =>
  [...donePages([fileEntry('x', size)], BigUint64Array.of(digest))][0] as Uint8Array;

const VIOLATIONS: [string, () => Uint8Array[]][] = [
  ['data beyond the declared size', () => [data(0, 2999, 2)]],
  ['data at an offset beyond all files', () => [data(0, Number.MAX_SAFE_INTEGER, 1)]],
  ['data of an unknown entry', () => [data(1, 0, 1)]],
  ['data of no bytes', () => [data(0, 0, 0)]],
  ['data across chunks', () => [data(0, 1000, 100)]],
  ['the same data twice', () => [data(0, 0, 100), data(0, 0, 100)]],
  ['overlapping data', () => [data(0, 0, 100), data(0, 200, 100), data(0, 99, 102)]],
  [
    'data of a chunk that is whole',
    () => [data(0, 0, 1024), sumFrame(0, 0, sumOfZeros(1024)), data(0, 5, 1)],
  ],
  ['a sum of no chunk', () => [sumFrame(0, 3, 0n)]],
  ['a sum of an unknown entry', () => [sumFrame(7, 0, 0n)]],
  ['two sums of a chunk', () => [sumFrame(0, 1, 1n), sumFrame(0, 1, 1n)]],
  ['a second offer', () => [message(1, offer([fileEntry('b', 1)]))]],
  ['a message of a receiver', () => [message(1, encodeVerified())]],
  ['our own cancellation', () => [message(1, encodeCancel('P2P_CANCELLED', 'receiver'))]],
  ['done with another size', () => [message(1, done(2999, 0n))]],
  ['done for too many entries', () => [message(1, done(3000, 0n)), message(2, done(3000, 0n))]],
  ['a message number seen before', () => [message(0, encodeVerified())]],
  ['a message number far ahead', () => [message(65, encodeVerified())]],
  ['a malformed message', () => [message(1, Uint8Array.of(3))]],
  ['delivery of what was never sent', () => [Uint8Array.of(5, 9)]],
  ['the end of what is no stream', () => [endFrame(0, 3000)]],
  ['the end of an unknown entry', () => [endFrame(7, 0)]],
  ['an unknown frame', () => [Uint8Array.of(10)]],
  ['compression of no chunk', () => [compressedFrame(0, 3, 10)]],
  ['compression to as many bytes', () => [compressedFrame(0, 0, 1024)]],
  ['compression to nothing', () => [compressedFrame(0, 0, 0)]],
  ['compression told twice', () => [compressedFrame(0, 0, 10), compressedFrame(0, 0, 9)]],
  ['data behind what is compressed', () => [compressedFrame(0, 0, 10), data(0, 5, 6)]],
  ['compression to less than has come', () => [data(0, 5, 6), compressedFrame(0, 0, 10)]],
  ['zeros in what is compressed', () => [compressedFrame(0, 0, 10), zerosFrame(0, 0, 5)]],
  ['compression of what has zeros', () => [zerosFrame(0, 0, 5), compressedFrame(0, 0, 10)]],
];

describe('a receiver whose sender breaks the rules while data flows', () => {
  it.each(VIOLATIONS)('ends with a protocol error on %s', (_, records) => {
    const receiver = receiving(3000);
    receiver.takeConsumed();
    const parts = records();
    for (const part of parts) receiver.handleRecord(part);
    expectFailed(receiver, 'P2P_PROTOCOL', joined(parts).length);
  });

  it('ends with an integrity error when a chunk does not match its sum', () => {
    const receiver = receiving(3000);
    receiver.handleRecord(joined([data(0, 0, 1024), sumFrame(0, 0, 1n)]));
    expectFailed(receiver, 'P2P_INTEGRITY');
  });

  it('ends with a protocol error when the digest is another', () => {
    const receiver = receiving(10);
    receiver.handleRecord(
      joined([data(0, 0, 10), sumFrame(0, 0, sumOfZeros(10)), message(1, done(10, 5n))]),
    );
    expect(receiver.pollWrite()).toMatchObject({ entry: 0, offset: 0 });
    receiver.handleWritten(0, 0, 10);
    expectFailed(receiver, 'P2P_PROTOCOL');
  });
});

const STREAM_VIOLATIONS: [string, () => Uint8Array[]][] = [
  ['two ends', () => [endFrame(0, 5000), endFrame(0, 5000)]],
  ['an end before what has come', () => [data(0, 0, 100), endFrame(0, 50)]],
  ['an end before a later chunk', () => [data(0, 5000, 10), endFrame(0, 2000)]],
  [
    'an end in a chunk that was whole',
    () => [data(0, 0, 1024), sumFrame(0, 0, sumOfZeros(1024)), endFrame(0, 1000)],
  ],
  ['data behind the end', () => [endFrame(0, 2000), data(0, 2000, 1)]],
  ['an end in a compressed chunk', () => [compressedFrame(0, 1, 10), endFrame(0, 2000)]],
  ['compression beyond the end', () => [endFrame(0, 2000), compressedFrame(0, 1, 976)]],
  ['a sum behind the end', () => [endFrame(0, 2000), sumFrame(0, 2, 0n)]],
  ['a sum far beyond all files', () => [sumFrame(0, Number.MAX_SAFE_INTEGER, 0n)]],
  ['done with another size', () => [endFrame(0, 0), message(1, done(1, 0xef46db3751d8e999n))]],
];

describe('a receiver of a stream whose sender breaks the rules', () => {
  it.each(STREAM_VIOLATIONS)('ends with a protocol error on %s', (_, records) => {
    const receiver = new TransferReceiver({ hasher });
    receiver.handleRecord(message(0, offer([streamEntry('s')])));
    expect(receiver.pollEvent()).toMatchObject({ kind: 'offer' });
    receiver.accept();
    for (const part of records()) receiver.handleRecord(part);
    expectFailed(receiver, 'P2P_PROTOCOL');
  });
});

/** Mostly nonsense, and now and then what fits entries of 3000, 1024, 100 and 500 bytes. */
/** Files, and behind them a stream. */
const STREAM = 4;
const entry = fc.constantFrom(0, 1, 2, STREAM, STREAM);
const anyFrame = fc.oneof(
  fc.tuple(entry, fc.nat(3100), fc.nat(1100)).map(([e, o, n]) => data(e, o, n)),
  fc.tuple(entry, fc.nat(3100), fc.nat(1100)).map(([e, o, n]) => zerosFrame(e, o, n)),
  fc.tuple(entry, fc.nat(3), fc.nat(1100)).map(([e, c, n]) => compressedFrame(e, c, n)),
  fc
    .tuple(fc.nat(3), fc.nat(1100), fc.constantFrom(0, 0, 7))
    .map(([chunk, length, less]) => shortFrame(STREAM, chunk, length, Math.max(length - less, 0))),
  fc
    .tuple(fc.nat(3), fc.integer({ min: 1, max: 9 }))
    .map(([chunk, length]) =>
      joined([data(STREAM, 1024 * chunk, length), shortFrame(STREAM, chunk, length, length)]),
    ),
  fc
    .tuple(fc.constantFrom(2, 2, 2, 1), fc.constantFrom(2, 2, 2, 3), fc.constantFrom(0, 0, 0, 20))
    .map(([entry, count, offset]) => group({ entry, count, size: 40, offset }, 40 - offset)),
  fc.constantFrom(2, 3).map((entry) => sumFrame(entry, 0, 0n)),
  fc.tuple(entry, fc.nat(3)).map(([e, c]) => endFrame(e, c * 1024)),
  fc.tuple(entry, fc.nat(3)).map(([e, c]) => sumFrame(e, c, sumOfZeros(c === 2 ? 952 : 1024))),
  fc.tuple(fc.nat(80), fc.uint8Array({ maxLength: 30 })).map(([s, b]) => message(s, b)),
  fc.uint8Array({ maxLength: 20 }),
);

describe('a receiver under attack', () => {
  it('opens 96 chunks of 1 MiB and not one more', () => {
    const receiver = new TransferReceiver({ hasher });
    receiver.handleRecord(message(0, offer([fileEntry('a', 2 ** 40)], undefined, 20)));
    receiver.pollEvent();
    receiver.accept();
    for (let i = 0; i < 95; i += 1) receiver.handleRecord(sumFrame(0, 1000 * i, 0n));
    expect(receiver.pollEvent()).toBeUndefined();
    for (let i = 95; i < 97; i += 1) receiver.handleRecord(sumFrame(0, 1000 * i, 0n));
    expectFailed(receiver, 'P2P_PROTOCOL');
  });

  it('ends with a protocol error when a chunk comes in crumbs', () => {
    const receiver = new TransferReceiver({ hasher });
    receiver.handleRecord(message(0, offer([fileEntry('a', 2 ** 20)], undefined, 20)));
    receiver.pollEvent();
    receiver.accept();
    for (let i = 0; i < 1025; i += 1) receiver.handleRecord(data(0, 2 * i, 1));
    expectFailed(receiver, 'P2P_PROTOCOL');
  });

  it('gives credit for data when it is written, and for everything else at once', () => {
    const receiver = receiving(3000);
    receiver.takeConsumed();
    const record = joined([data(0, 0, 1024), sumFrame(0, 0, sumOfZeros(1024)), data(0, 1024, 10)]);
    receiver.handleRecord(record);
    expect(receiver.takeConsumed()).toBe(record.length - 1034);
    expect(receiver.pollWrite()).toMatchObject({ entry: 0, offset: 0 });
    expect(receiver.takeConsumed()).toBe(0);
    receiver.handleWritten(0, 0, 1024);
    expect([receiver.takeConsumed(), receiver.bytesWritten]).toEqual([1024, 1024]);
    receiver.cancel('P2P_CANCELLED');
    expect(receiver.takeConsumed()).toBe(10);
    receiver.handleRecord(data(0, 2000, 5));
    expect(receiver.takeConsumed()).toBe(data(0, 2000, 5).length);
  });

  it('ignores messages of newer versions', () => {
    const receiver = receiving(10);
    receiver.handleRecord(message(1, Uint8Array.of(99, 1, 2, 3)));
    expect(receiver.pollEvent()).toBeUndefined();
  });

  it('neither throws nor loses credit, whatever comes', () => {
    const property = fc.property(fc.array(anyFrame, { maxLength: 30 }), (frames) => {
      const receiver = new TransferReceiver({ hasher });
      const files = [3000, 1024, 100, 500].map((size, index) => fileEntry(`f${index}`, size));
      receiver.handleRecord(message(0, offer([...files, streamEntry('stream')])));
      receiver.accept(undefined, { takesShort: true });
      let consumed = receiver.takeConsumed();
      const start = consumed;
      for (const record of frames) receiver.handleRecord(record);
      finishWrites(receiver);
      receiver.cancel('P2P_CANCELLED');
      consumed += receiver.takeConsumed();
      expect(consumed - start).toBe(frames.reduce((sum, { length }) => sum + length, 0));
    });
    fc.assert(property, { numRuns: 300 });
  });
});
