import fc from 'fast-check';
import { beforeAll, describe, expect, it } from 'vitest';
import { createHasher } from '../../../src/crypto/xxhash.ts';
import type { Hasher } from '../../../src/protocol/ports.ts';
import {
  compressedFrame,
  copyFrame,
  endFrame,
  sumFrame,
  zerosFrame,
} from '../../../src/protocol/transfer/messages/frame.ts';
import { TransferReceiver } from '../../../src/protocol/transfer/transfer-receiver.ts';
import type { TransferSender } from '../../../src/protocol/transfer/transfer-sender.ts';
import { SeededRandom } from '../../support/seeded-random.ts';
import { seededText } from '../../support/seeded-text.ts';
import { forEachSeed } from '../../support/seeds.ts';
import { data, expectFailed, group, message, offer } from './receiver-support.ts';
import { sending } from './sender-support.ts';
import { compress, fileEntry, joined, TransferPair } from './transfer-pair.ts';

const CHUNK = 16_384;
/** Larger files go alone. */
const SMALL = CHUNK / 8;

let hasher: Hasher;
beforeAll(async () => {
  hasher = await createHasher();
});

function run(options: Partial<ConstructorParameters<typeof TransferPair>[0]>): TransferPair {
  const random = options.random ?? new SeededRandom(1);
  const recordBytes = () => 256 + random.integer(3000);
  const base = { files: [], hasher, chunkBytes: CHUNK, recordBytes, random, compress };
  const pair = new TransferPair({ ...base, ...options });
  pair.run();
  return pair;
}

/** Texts, of which some are no text, some are empty, and some are large. */
function someFiles(random: SeededRandom): Uint8Array[] {
  return Array.from({ length: 1 + random.integer(60) }, () => {
    const length = random.integer(random.chance(0.1) ? 3 * CHUNK : SMALL + 10);
    if (random.chance(0.1)) return new Uint8Array(length);
    return random.chance(0.1) ? random.bytes(length) : seededText(random, length);
  });
}

describe('small files', () => {
  forEachSeed('arrive whole when they travel together, in any order', 200, (seed) => {
    const random = new SeededRandom(seed);
    const files = someFiles(random);
    // The receiver has some of them.
    const skipped = [...files.keys()]
      .filter(() => random.chance(0.1))
      .map((first) => ({ first, count: 1 }));
    const pair = run({
      ...{ files, random, readAhead: 1 + random.integer(6) },
      holdings: { skipped, have: [], bases: [] },
      compress: (bytes) => (random.chance(0.8) ? compress(bytes) : undefined),
    });
    expect(pair.senderEvents.map(({ kind }) => kind)).toEqual(['accepted', 'sent', 'verified']);
    for (const [index, file] of files.entries()) {
      expect(Buffer.compare(pair.received[index] as Uint8Array, file), `file ${index}`).toBe(0);
    }
    expect(pair.consumed).toBe(pair.handedIn);
    const total = files.reduce((sum, { length }) => sum + length, 0);
    expect([pair.sender.bytesTaken, pair.receiver.bytesWritten]).toEqual([total, total]);
  });

  forEachSeed('do so as well when others are left out between them', 200, (seed) => {
    const random = new SeededRandom(seed);
    const files = someFiles(random);
    const changed = new Map(
      [...files.keys()].filter(() => random.chance(0.2)).map((index) => [index, 0]),
    );
    const pair = run({ files, random, changed });
    expect(pair.senderEvents.map(({ kind }) => kind)).toEqual(['accepted', 'sent', 'verified']);
    for (const [index, file] of files.entries()) {
      if (changed.has(index)) continue;
      expect(Buffer.compare(pair.received[index] as Uint8Array, file), `file ${index}`).toBe(0);
    }
    expect(pair.consumed).toBe(pair.handedIn);
  });

  it('take less of the network than each for itself', () => {
    const random = new SeededRandom(3);
    const common = seededText(random, 400);
    const files = Array.from({ length: 40 }, () => {
      return new Uint8Array(Buffer.concat([common, seededText(random, 50)]));
    });
    const together = run({ files });
    expect(together.compressed.some(({ length }) => length >= 10)).toBe(true);
    const alone = files.reduce((sum, file) => sum + compress(file).length, 0);
    expect(together.handedIn).toBeLessThan(0.8 * alone);
  });
});

describe('a sender of small files', () => {
  it.each([
    [12, [8, 4]],
    [11, [8]],
  ])(
    'has up to half a chunk of %s files together, the last if they are enough',
    (count, lengths) => {
      const sender = sendingSmall(Array<number>(count).fill(1000));
      readFirst(sender, count, 1000);
      expect(runs(sender).map(({ length }) => length)).toEqual(lengths);
    },
  );

  it('has no more than 96 of the smallest together', () => {
    const sender = sendingSmall(Array<number>(300).fill(10));
    readFirst(sender, 256, 10);
    expect(runs(sender).map(({ length }) => length)).toEqual([96, 96]);
  });

  it('waits for what is being read, and sends as it is what has no time to wait', () => {
    const sender = sendingSmall([100, 100, 100]);
    readFirst(sender, 2, 100);
    expect(runs(sender)).toEqual([]);
    sender.handleRead(2, 0, text(100));
    expect(runs(sender)).toEqual([[0, 1, 2]]);
    const other = sendingSmall([1000, 1000, 1000]);
    readFirst(other, 2, 1000);
    while (other.pollRecord(256) !== undefined);
    other.handleRead(2, 0, text(1000));
    expect(runs(other)).toEqual([[2]]);
  });

  it.each<[string, number[], number[][]]>([
    ['a large one', [100, 100, SMALL + 1, 100, 100], [[0, 1], [2], [3, 4]]],
    ['too many entries', [100, ...Array<number>(1023).fill(0), 100, 100], [[0], [1024, 1025]]],
  ])('has none together that have %s between them', (_, sizes, expected) => {
    const sender = sendingSmall(sizes);
    for (const [entry, size] of sizes.entries()) {
      if (size > 0) sender.handleRead(entry, 0, text(size));
    }
    expect(runs(sender)).toEqual(expected);
  });

  it('has each by itself for a receiver that does not know of groups', () => {
    const sender = sendingSmall([1000, 1000], 0b0101);
    readFirst(sender, 2, 1000);
    expect(runs(sender)).toEqual([[0], [1]]);
  });
});

const text = (length: number): Uint8Array => seededText(new SeededRandom(1), length);
const range = (first: number, count: number): number[] =>
  Array.from({ length: count }, (_, index) => first + index);

/** A sender of files of these sizes, to a receiver whose answer has these flags. */
function sendingSmall(sizes: readonly number[], flags?: number): TransferSender {
  const entries = sizes.map((size, index) => fileEntry(`f${index}`, size, 'folder'));
  return sending({ hasher, chunkBytes: CHUNK, entries, ...(flags !== undefined && { flags }) });
}

/** Hands in what was read of the first files, each of so many bytes. */
function readFirst(sender: TransferSender, count: number, size: number): void {
  for (const entry of range(0, count)) sender.handleRead(entry, 0, text(size));
}

/** Which entries are to be compressed together. */
function runs(sender: TransferSender): number[][] {
  const all: number[][] = [];
  for (let run = sender.pollCompression(1e-3); run; run = sender.pollCompression(1e-3)) {
    all.push(run.chunks.map(({ entry }) => entry));
  }
  return all;
}

/** Files of 100, 0, 200, 300 and 16,000 bytes. */
function receiving(): TransferReceiver {
  const receiver = new TransferReceiver({ hasher });
  const sizes = [100, 0, 200, 300, 16_000];
  const entries = sizes.map((size, index) => fileEntry(`f${index}`, size, 'folder'));
  receiver.handleRecord(message(0, offer(entries, undefined, 14)));
  receiver.accept();
  receiver.takeConsumed();
  return receiver;
}

const THREE = { entry: 0, count: 4, size: 50, offset: 0 };
const SUMS = [0, 2, 3].map((entry) => sumFrame(entry, 0, BigInt(entry)));

describe('a receiver of small files that come together', () => {
  it('hands them out once all of them is there, and gives credit once all are written', () => {
    const receiver = receiving();
    const records = [group({ ...THREE, offset: 20 }, 30), SUMS[2], SUMS[0], group(THREE, 20)];
    for (const record of records) receiver.handleRecord(record as Uint8Array);
    expect(receiver.pollWrite()).toBeUndefined();
    receiver.handleRecord(SUMS[1] as Uint8Array);
    const files = [
      { entry: 0, length: 100, sum: 0n },
      { entry: 2, length: 200, sum: 2n },
      { entry: 3, length: 300, sum: 3n },
    ];
    expect(receiver.pollWrite()).toEqual({ files, bytes: new Uint8Array(50) });
    expect(receiver.pollWrite()).toBeUndefined();
    receiver.takeConsumed();
    receiver.handleWritten(3, 0, 300);
    receiver.handleWritten(0, 0, 100);
    expect([receiver.takeConsumed(), receiver.bytesWritten]).toEqual([0, 400]);
    receiver.handleWritten(2, 0, 200);
    expect([receiver.takeConsumed(), receiver.bytesWritten]).toEqual([50, 600]);
    expect(receiver.pollEvent()).toMatchObject({ kind: 'offer' });
    expect(receiver.pollEvent()).toBeUndefined();
  });
});

describe('a receiver of bad groups', () => {
  it.each<[string, () => Uint8Array[]]>([
    ['one file only', () => [group({ ...THREE, count: 2 }, 50)]],
    ['no file at all', () => [group({ ...THREE, entry: 1, count: 1 }, 50)]],
    ['no entries', () => [group({ ...THREE, count: 0 }, 50)]],
    ['entries that are none', () => [group({ ...THREE, entry: 3, count: 3 }, 50)]],
    ['more entries than one may have', () => [group({ ...THREE, count: 1025 }, 50)]],
    ['more files than a chunk', () => [group({ ...THREE, count: 5 }, 50)]],
    ['what begins with no file', () => [group({ ...THREE, entry: 1, count: 3 }, 50)]],
    ['nothing', () => [group({ ...THREE, size: 0 }, 0)]],
    ['a part of nothing', () => [group(THREE, 0)]],
    ['as much as the files are', () => [group({ ...THREE, size: 600 }, 50)]],
    ['more than it has', () => [group({ ...THREE, offset: 10 }, 41)]],
    ['the same twice', () => [group(THREE, 20), group({ ...THREE, offset: 19 }, 5)]],
    ['another size than before', () => [group(THREE, 20), group({ ...THREE, size: 51 }, 51)]],
    ['others than before', () => [group(THREE, 20), group({ ...THREE, count: 3 }, 50)]],
    [
      'files of another group',
      () => [group(THREE, 20), group({ ...THREE, entry: 2, count: 2 }, 50)],
    ],
    ['what has come already', () => [group(THREE, 50), ...SUMS, group(THREE, 50)]],
    ['a file of which something has come', () => [data(2, 0, 10), group(THREE, 50)]],
    ['a file that is compressed itself', () => [compressedFrame(2, 0, 9), group(THREE, 50)]],
    ['a file that has zeros', () => [zerosFrame(2, 0, 9), group(THREE, 50)]],
    ['a file that is left out', () => [endFrame(2, 0), group(THREE, 50), endFrame(3, 0)]],
  ])('ends with a protocol error for a group of %s', (_, records) => {
    const receiver = receiving();
    receiver.pollEvent();
    for (const record of records()) receiver.handleRecord(record);
    expectFailed(receiver, 'P2P_PROTOCOL');
  });

  it.each<[string, () => Uint8Array]>([
    ['data', () => data(2, 0, 10)],
    ['zeros', () => zerosFrame(2, 0, 10)],
    ['a copy', () => copyFrame(2, 0, 10, 0)],
    ['a length of its own', () => compressedFrame(2, 0, 10)],
    ['an end', () => endFrame(2, 0)],
    ['two sums', () => joined([sumFrame(2, 0, 1n), sumFrame(2, 0, 1n)])],
  ])('takes no %s of a file in one', (_, record) => {
    const receiver = receiving();
    receiver.pollEvent();
    receiver.handleRecord(group(THREE, 20));
    receiver.handleRecord(record());
    expectFailed(receiver, 'P2P_PROTOCOL');
  });

  it('neither throws nor holds more than it may, whatever groups come', () => {
    const small = fc.nat(6);
    const numbers = fc.tuple(small, fc.nat(7), fc.nat(700), fc.nat(700), fc.nat(700));
    const property = fc.property(fc.array(numbers, { maxLength: 20 }), (frames) => {
      const receiver = receiving();
      for (const [entry, count, size, offset, length] of frames) {
        receiver.handleRecord(group({ entry, count, size, offset }, length));
      }
      receiver.cancel('P2P_CANCELLED');
      const lengths = frames.map(([entry, count, size, offset, length]) => {
        return group({ entry, count, size, offset }, length).length;
      });
      expect(receiver.takeConsumed()).toBe(lengths.reduce((sum, length) => sum + length, 0));
    });
    fc.assert(property, { numRuns: 300 });
  });
});
