import fc from 'fast-check';
import { beforeAll, describe, expect, it } from 'vitest';
import { createHasher } from '../../../src/crypto/xxhash.ts';
import type { Hasher } from '../../../src/protocol/ports.ts';
import { NOTHING_HELD } from '../../../src/protocol/transfer/messages/answer-message.ts';
import { SeededRandom } from '../../support/seeded-random.ts';
import { TransferPair } from './transfer-pair.ts';

let hasher: Hasher;
beforeAll(async () => {
  hasher = await createHasher();
});

const kinds = (events: readonly { kind: string }[]): string[] => events.map(({ kind }) => kind);

function content(random: SeededRandom, size: number): Uint8Array {
  return random.bytes(size);
}

function expectWhole(pair: TransferPair, files: readonly Uint8Array[]): void {
  expect(kinds(pair.senderEvents)).toEqual(['accepted', 'sent', 'verified']);
  expect(kinds(pair.receiverEvents)).toEqual(['offer', 'complete']);
  for (const [i, file] of files.entries()) {
    expect(Buffer.compare(pair.received[i] as Uint8Array, file), `file ${i}`).toBe(0);
  }
  expect(pair.consumed).toBe(pair.handedIn);
  const total = files.reduce((sum, file) => sum + file.length, 0);
  expect(pair.sender.bytesTaken).toBe(total);
  expect(pair.receiver.bytesWritten).toBe(total);
}

describe('a transfer over pipes that reorder everything', () => {
  const chunkLog = fc.integer({ min: 10, max: 14 });
  // Around the boundaries of chunks: a whole number of them, and a little more or less.
  const shape = fc.record({
    chunks: fc.integer({ min: 0, max: 9 }),
    by: fc.integer({ min: -2, max: 2 }),
  });
  const recordBytes = fc.oneof(
    fc.constant(1200),
    fc.constant(63_056),
    fc.integer({ min: 1200, max: 63_056 }),
  );

  it('reproduces every byte and consumes exactly what was handed in', () => {
    const property = fc.property(
      fc.array(shape, { minLength: 1, maxLength: 6 }),
      chunkLog,
      recordBytes,
      fc.integer({ min: 1, max: 5 }),
      fc.nat(),
      (shapes, log, limit, readAhead, seed) => {
        const random = new SeededRandom(seed);
        const chunkBytes = 2 ** log;
        const files = shapes.map(({ chunks, by }) =>
          content(random, Math.max(0, chunks * chunkBytes + by)),
        );
        const options = { files, hasher, chunkBytes, recordBytes: () => limit, random, readAhead };
        const pair = new TransferPair(options);
        pair.run();
        expectWhole(pair, files);
      },
    );
    fc.assert(property, { numRuns: 60 });
  });

  it('does so when the size of records changes all the time', () => {
    const random = new SeededRandom(7);
    const files = [0, 1, 1023, 1024, 1025, 70_000].map((size) => content(random, size));
    const recordBytesNow = (): number => 1200 + random.integer(61_857);
    const pair = new TransferPair({
      files,
      hasher,
      chunkBytes: 1024,
      recordBytes: recordBytesNow,
      random,
    });
    pair.run();
    expectWhole(pair, files);
  });

  it.each([0, 1, 65_535, 65_536, 65_537, 2 ** 20 - 1, 2 ** 20, 2 ** 20 + 1, 3 * 2 ** 20])(
    'carries one file of %d bytes in chunks of 1 MiB',
    (size) => {
      const random = new SeededRandom(size);
      const files = [content(random, size)];
      const options = { files, hasher, chunkBytes: 2 ** 20, recordBytes: () => 63_056, random };
      const pair = new TransferPair(options);
      pair.run();
      expectWhole(pair, files);
    },
  );
});

describe('a transfer', () => {
  it('carries more entries than fit the window of messages', () => {
    const random = new SeededRandom(3);
    const files = Array.from({ length: 5000 }, (_, i) => content(random, i % 50));
    const options = { files, hasher, chunkBytes: 2 ** 20, recordBytes: () => 1200, random };
    const pair = new TransferPair(options);
    pair.run();
    expectWhole(pair, files);
  });

  it('neither reads nor sends what the receiver holds', () => {
    const random = new SeededRandom(11);
    const files = [40_000, 5000, 10_000, 7000].map((length) => content(random, length));
    const have = [
      { entry: 0, first: 2, count: 10 },
      { entry: 0, first: 12, count: 20 },
      { entry: 0, first: 39, count: 1 },
      { entry: 2, first: 0, count: 3 },
    ];
    const holdings = { ...NOTHING_HELD, skipped: [{ first: 1, count: 1 }], have };
    const options = { files, hasher, chunkBytes: 1024, recordBytes: () => 1200, random, holdings };
    const pair = new TransferPair(options);
    pair.run();
    expectWhole(pair, files);
    const wanted = 40_000 - 30 * 1024 - (40_000 - 39 * 1024) + 10_000 - 3 * 1024 + 7000;
    expect(pair.reads.reduce((sum, { length }) => sum + length, 0)).toBe(wanted);
    const sent = pair.records.reduce((sum, length) => sum + length, 0);
    expect(sent).toBeLessThan(wanted + 1500);
    expect(pair.sender.bytesTaken).toBe(62_000);
  });

  it.each([0, 1, 1023, 1024, 1025, 4096, 30_000])(
    'brings a stream of %d bytes, whatever comes behind and before it',
    (length) => {
      for (let seed = 1; seed < 20; seed += 1) {
        const random = new SeededRandom(seed);
        const files = [2000, length, 3000, length].map((size) => content(random, size));
        const recordBytes = () => 256 + random.integer(1500);
        const options = { files, hasher, chunkBytes: 1024, recordBytes, random, streams: [1, 3] };
        const pair = new TransferPair(options);
        pair.run();
        expectWhole(pair, files);
        expect(pair.sender.bytesTaken).toBe(5000 + 2 * length);
      }
    },
  );

  it('sends nothing where everything is held', () => {
    const random = new SeededRandom(12);
    const files = [content(random, 4096), content(random, 10)];
    const holdings = { ...NOTHING_HELD, skipped: [{ first: 0, count: 2 }] };
    const options = { files, hasher, chunkBytes: 1024, recordBytes: () => 1200, random, holdings };
    const pair = new TransferPair(options);
    pair.run();
    expectWhole(pair, files);
    expect(pair.reads).toEqual([]);
  });

  it('fills every record but the last of an entry, up to a few bytes of varints', () => {
    const random = new SeededRandom(5);
    const files = [content(random, 500_000)];
    const options = { files, hasher, chunkBytes: 2 ** 16, recordBytes: () => 20_000, random };
    const pair = new TransferPair(options);
    pair.run();
    const data = pair.records.slice(1, -1);
    expect(data.length).toBeGreaterThan(20);
    // A sum that does not fit leaves at most its own length unused.
    for (const length of data) expect(length).toBeGreaterThan(20_000 - 26);
  });
});
