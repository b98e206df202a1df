import fc from 'fast-check';
import { beforeAll, describe, expect, it } from 'vitest';
import { createHasher } from '../../../src/crypto/xxhash.ts';
import type { Hasher } from '../../../src/protocol/ports.ts';
import { donePages } from '../../../src/protocol/transfer/done-message.ts';
import type { Entry } from '../../../src/protocol/transfer/entry.ts';
import { dataHeader, messageHeader, sumFrame } from '../../../src/protocol/transfer/frame.ts';
import { encodeCancel, encodeVerified } from '../../../src/protocol/transfer/message.ts';
import { offerPages } from '../../../src/protocol/transfer/offer-message.ts';
import { TransferReceiver } from '../../../src/protocol/transfer/transfer-receiver.ts';
import { ByteWriter } from '../../../src/protocol/wire/byte-writer.ts';
import { entryName, fileEntry, joined } from './transfer-pair.ts';

const CHUNK_LOG = 10;
let hasher: Hasher;
beforeAll(async () => {
  hasher = await createHasher();
});

const message = (sequence: number, body: Uint8Array): Uint8Array =>
  joined([messageHeader(sequence, true, body.length), body]);
const data = (entry: number, offset: number, length: number): Uint8Array =>
  joined([dataHeader(entry, offset, length), new Uint8Array(length)]);
const sumOfZeros = (length: number): bigint => hasher.xxh64(new Uint8Array(length));

/** An offer's single page with totals and chunk size as told, true or not. */
function offer(entries: readonly Entry[], totalBytes?: number, chunkLog = CHUNK_LOG): Uint8Array {
  const total = totalBytes ?? entries.reduce((sum, { size }) => sum + size, 0);
  return [...offerPages(entries, total, chunkLog)][0] as Uint8Array;
}

function receiving(...sizes: readonly number[]): TransferReceiver {
  const receiver = new TransferReceiver({ hasher });
  const entries = sizes.map((size, index) => fileEntry(`f${index}`, size));
  receiver.handleRecord(message(0, offer(entries)));
  expect(receiver.pollEvent()).toMatchObject({ kind: 'offer' });
  receiver.accept();
  return receiver;
}

/** Expects the failure, that the sender is told, and that all credit has come back. */
function expectFailed(receiver: TransferReceiver, code: string, handedIn?: number): void {
  expect(receiver.pollEvent()).toMatchObject({ kind: 'failed', code, by: 'self' });
  expect(receiver.pollEvent()).toBeUndefined();
  expect(receiver.pollWrite()).toBeUndefined();
  const record = joined(receiver.pollRecord(1200) ?? []);
  expect(record.at(-3)).toBe(5);
  expect(record.at(-1)).toBe(2);
  if (handedIn !== undefined) expect(receiver.takeConsumed()).toBe(handedIn);
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
  ['an unknown frame', () => [Uint8Array.of(9)]],
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
    const frame = fc.oneof(
      fc.tuple(fc.nat(2), fc.nat(3100), fc.nat(1100)).map(([e, o, n]) => data(e, o, n)),
      fc
        .tuple(fc.nat(2), fc.nat(3))
        .map(([e, c]) => sumFrame(e, c, sumOfZeros(c === 2 ? 952 : 1024))),
      fc.tuple(fc.nat(80), fc.uint8Array({ maxLength: 30 })).map(([s, b]) => message(s, b)),
      fc.uint8Array({ maxLength: 20 }),
    );
    const property = fc.property(fc.array(frame, { maxLength: 30 }), (frames) => {
      const receiver = receiving(3000, 1024);
      let consumed = receiver.takeConsumed();
      const start = consumed;
      for (const record of frames) receiver.handleRecord(record);
      for (let write = receiver.pollWrite(); write; write = receiver.pollWrite()) {
        receiver.handleWritten(write.entry, write.offset, write.bytes.length);
      }
      receiver.cancel('P2P_CANCELLED');
      consumed += receiver.takeConsumed();
      expect(consumed - start).toBe(frames.reduce((sum, { length }) => sum + length, 0));
    });
    fc.assert(property, { numRuns: 300 });
  });
});

const a = fileEntry('a', 10);
const folder: Entry = { kind: 'folder', path: [entryName('d')], size: 0, mtimeMs: 0, mode: 0o755 };
const link = (target: string): Entry => ({
  kind: 'link',
  path: [entryName('d'), entryName('link')],
  size: 0,
  mtimeMs: 0,
  mode: 0o777,
  target,
});
const raw = (path: readonly (string | Uint8Array)[], kind = 1): Uint8Array => {
  const entry = new ByteWriter(8192);
  for (const byte of [kind, 0, 0]) entry.uint8(byte);
  entry.varint(path.length);
  for (const name of path) entry.prefixed(typeof name === 'string' ? Buffer.from(name) : name);
  entry.varint(0);
  entry.uint64(1n);
  const page = new ByteWriter(8192);
  for (const byte of [1, 1, 10, 1, 0, 1]) page.uint8(byte);
  page.prefixed(entry.view());
  return page.finish();
};
const BAD_OFFERS: [string, string, () => Uint8Array][] = [
  ['a total that is not the sum', 'P2P_PROTOCOL', () => offer([a], 11)],
  [
    'sizes that overflow',
    'P2P_PROTOCOL',
    () => offer([fileEntry('b', Number.MAX_SAFE_INTEGER), a], 1),
  ],
  ['chunks that are too large', 'P2P_PROTOCOL', () => offer([a], 10, 21)],
  ['chunks that are too small', 'P2P_PROTOCOL', () => offer([a], 10, 9)],
  ['no entries', 'P2P_PROTOCOL', () => Uint8Array.of(1, 1, 10, 0, 0, 0)],
  [
    'fewer entries than it says',
    'P2P_PROTOCOL',
    () => Uint8Array.of(1, 1, 10, 2, 0, ...raw(['a']).subarray(5)),
  ],
  [
    'too many entries',
    'P2P_PROTOCOL',
    () => Uint8Array.of(1, 0, 10, 0x80, 0x0f, 0x42, 0x41, 0, ...raw(['a']).subarray(5)),
  ],
  [
    'more entries than it says',
    'P2P_PROTOCOL',
    () => Uint8Array.of(1, 0, 10, 1, 0, 2, ...raw(['a']).subarray(6), ...raw(['b']).subarray(6)),
  ],
  ['a page that never ends', 'P2P_PROTOCOL', () => Uint8Array.of(1, 0, 10, 5, 0, 0)],
  ['65 components', 'P2P_PROTOCOL', () => raw(Array.from({ length: 65 }, () => 'd'))],
  ['no component', 'P2P_PROTOCOL', () => raw([])],
  [
    'a path of more than 4,096 bytes',
    'P2P_NAME_REFUSED',
    () => raw(Array.from({ length: 17 }, () => 'd'.repeat(250))),
  ],
  ['a name that climbs', 'P2P_NAME_REFUSED', () => raw(['..', 'a'])],
  ['a name with a separator', 'P2P_NAME_REFUSED', () => raw(['/etc/passwd'])],
  ['a name that is not UTF-8', 'P2P_NAME_REFUSED', () => raw([Uint8Array.of(0xc3, 0x28)])],
  ['one name twice', 'P2P_NAME_REFUSED', () => offer([a, a])],
  ['names that differ in case only', 'P2P_NAME_REFUSED', () => offer([a, fileEntry('A', 1)])],
  [
    'a file where a folder is',
    'P2P_NAME_REFUSED',
    () => offer([a, { ...a, path: [...a.path, ...a.path] }]),
  ],
  ['one folder twice', 'P2P_NAME_REFUSED', () => offer([folder, folder])],
  ['a folder where a file is', 'P2P_NAME_REFUSED', () => offer([a, { ...folder, path: a.path }])],
  ['a link out of the tree', 'P2P_NAME_REFUSED', () => offer([link('../../x')])],
  ['a link to an absolute place', 'P2P_NAME_REFUSED', () => offer([link('/etc/passwd')])],
  [
    'a file beneath a link',
    'P2P_NAME_REFUSED',
    () => offer([link('x'), { ...a, path: [...link('x').path, ...a.path] }]),
  ],
  ['a kind of a newer version', 'P2P_VERSION_MISMATCH', () => raw(['a'], 9)],
];

describe('a receiver given a bad offer', () => {
  it.each(BAD_OFFERS)('refuses %s: %s', (_, code, page) => {
    const receiver = new TransferReceiver({ hasher });
    const record = message(0, page());
    receiver.handleRecord(record);
    expectFailed(receiver, code, record.length);
  });

  it('takes no data before it has said yes', () => {
    const receiver = new TransferReceiver({ hasher });
    receiver.handleRecord(joined([message(0, offer([a])), data(0, 0, 1)]));
    expect(receiver.pollEvent()).toMatchObject({ kind: 'offer' });
    expectFailed(receiver, 'P2P_PROTOCOL');
  });

  it('takes names that are dangerous to objects only', () => {
    const receiver = new TransferReceiver({ hasher });
    receiver.handleRecord(
      message(0, offer([fileEntry('__proto__', 1), fileEntry('constructor', 2)])),
    );
    expect(receiver.pollEvent()).toMatchObject({ kind: 'offer', offer: { totalBytes: 3 } });
  });
});
