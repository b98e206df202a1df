import fc from 'fast-check';
import { beforeAll, describe, expect, it } from 'vitest';
import { createHasher } from '../../../src/crypto/xxhash.ts';
import type { Hasher } from '../../../src/protocol/ports.ts';
import {
  type Holdings,
  NOTHING_HELD,
} from '../../../src/protocol/transfer/messages/answer-message.ts';
import { compressedFrame, sumFrame } from '../../../src/protocol/transfer/messages/frame.ts';
import { TransferReceiver } from '../../../src/protocol/transfer/transfer-receiver.ts';
import { SeededRandom } from '../../support/seeded-random.ts';
import { seededText } from '../../support/seeded-text.ts';
import { data, message, offer } from './receiver-support.ts';
import { type SendingOptions, sending } from './sender-support.ts';
import { compress, fileEntry, joined, TransferPair } from './transfer-pair.ts';

let hasher: Hasher;
beforeAll(async () => {
  hasher = await createHasher();
});

const CHUNK = 4096;

function expectWhole({ received, ...pair }: TransferPair, files: readonly Uint8Array[]): void {
  expect(pair.senderEvents.map(({ kind }) => kind)).toEqual(['accepted', 'sent', 'verified']);
  for (const [index, file] of files.entries()) {
    expect(Buffer.compare(received[index] as Uint8Array, file), `file ${index}`).toBe(0);
  }
}

function run(options: Partial<ConstructorParameters<typeof TransferPair>[0]>): TransferPair {
  const random = options.random ?? new SeededRandom(1);
  const recordBytes = () => 1200;
  const base = { files: [], hasher, chunkBytes: CHUNK, recordBytes, random, compress };
  const pair = new TransferPair({ ...base, ...options });
  pair.run();
  return pair;
}

describe('compressed chunks', () => {
  it('arrive whole, among others and in any order', () => {
    const sizes = fc.array(fc.integer({ min: 0, max: 6 * CHUNK }), { minLength: 1, maxLength: 5 });
    const property = fc.property(sizes, fc.nat(), fc.boolean(), (lengths, seed, areStreams) => {
      const random = new SeededRandom(seed);
      const files = lengths.map((length) =>
        random.chance(0.3) ? random.bytes(length) : seededText(random, length),
      );
      const pair = run({
        files,
        random,
        recordBytes: () => 256 + random.integer(3000),
        compress: (chunk) => (random.chance(0.7) ? compress(chunk) : undefined),
        streams: areStreams ? [...files.keys()] : [],
      });
      expectWhole(pair, files);
      expect(pair.consumed).toBe(pair.handedIn);
      const total = lengths.reduce((sum, length) => sum + length, 0);
      expect([pair.sender.bytesTaken, pair.receiver.bytesWritten]).toEqual([total, total]);
    });
    fc.assert(property, { numRuns: 200 });
  });

  it('take as much of the network as they are long, and count with what they are', () => {
    const files = [seededText(new SeededRandom(2), 20 * CHUNK)];
    const pair = run({ files });
    expectWhole(pair, files);
    expect(pair.handedIn).toBeLessThan((20 * CHUNK) / 2);
  });

  it('travel as they are where that is no more', () => {
    const files = [new SeededRandom(3).bytes(20 * CHUNK)];
    const [pair, plain] = [run({ files }), run({ files, compress: () => undefined })];
    expectWhole(pair, files);
    expect(pair.handedIn).toBe(plain.handedIn);
  });

  it('are not made of zeros, which need not travel at all', () => {
    const files = [new Uint8Array(20 * CHUNK)];
    const [pair, plain] = [run({ files }), run({ files, compress: () => undefined })];
    expectWhole(pair, files);
    expect(pair.handedIn).toBe(plain.handedIn);
  });
});

describe('a sender of a compressed chunk', () => {
  it('sends views into it, and gives back what was read once it is sent', () => {
    const sender = sending({ hasher, chunkBytes: CHUNK, entries: [fileEntry('a', CHUNK)] });
    const bytes = seededText(new SeededRandom(4), CHUNK);
    const compressed = compress(bytes);
    sender.handleRead(0, 0, bytes);
    const { chunks = [], ...pace } = sender.pollCompression(1) ?? {};
    expect(chunks).toEqual([{ entry: 0, offset: 0, bytes }]);
    expect(pace).toEqual({ waitMs: CHUNK, rate: 1, takesZstd: false });
    expect(sender.pollRecord(63_056)).toBeUndefined();
    sender.handleCompressed(chunks, compressed);
    const pieces = sender.pollRecord(63_056) ?? [];
    expect(pieces.some(({ buffer }) => buffer === compressed.buffer)).toBe(true);
    expect(pieces.some(({ buffer }) => buffer === bytes.buffer)).toBe(false);
    expect(sender.pollReleased()).toBeUndefined();
    sender.pollRecord(1200);
    expect(sender.pollReleased()).toBe(bytes);
    expect(sender.pollReleased()).toBeUndefined();
  });
});

describe('a sender that has read a chunk', () => {
  const text = seededText(new SeededRandom(5), CHUNK);

  it.each<[string, Partial<SendingOptions> & { bytes?: Uint8Array; rate?: number }]>([
    ['that is to leave soon', { rate: CHUNK }],
    ['for a receiver that does not know of it', { flags: 0b1001 }],
    ['where nobody wants that', { compresses: false }],
    ['of which the receiver has all', { bytes: text, holdings: havingOlder }],
    ['of zeros', { bytes: new Uint8Array(CHUNK) }],
  ])('asks for no compression of one %s', (_, { bytes = text, rate = 1, ...options }) => {
    const sender = sending({
      hasher,
      chunkBytes: CHUNK,
      entries: [fileEntry('a', CHUNK)],
      ...options,
    });
    sender.handleRead(0, 0, bytes);
    expect(sender.pollCompression(rate)).toBeUndefined();
  });

  it('says whether its receiver takes Zstandard', () => {
    const entries = [fileEntry('a', CHUNK)];
    const sender = sending({ hasher, chunkBytes: CHUNK, entries, flags: 0b100101 });
    sender.handleRead(0, 0, text);
    expect(sender.pollCompression(1)?.takesZstd).toBe(true);
  });

  it('asks for none of what has begun to travel', () => {
    const sender = sending({ hasher, chunkBytes: CHUNK, entries: [fileEntry('a', CHUNK)] });
    sender.handleRead(0, 0, text);
    sender.pollRecord(1200);
    expect(sender.pollCompression(1)).toBeUndefined();
  });

  it('goes on with it as it is where it has not become shorter', () => {
    const sender = sending({ hasher, chunkBytes: CHUNK, entries: [fileEntry('a', CHUNK)] });
    sender.handleRead(0, 0, text);
    sender.handleCompressed(sender.pollCompression(1)?.chunks ?? [], undefined);
    expect(sender.pollCompression(1)).toBeUndefined();
    expect(sender.pollRecord(1200)).toBeDefined();
  });

  /** The receiver has an older version of the chunk, which is the same. */
  function havingOlder(): Holdings {
    const [weak, strong] = [new Uint32Array(0), BigUint64Array.of(hasher.xxh64(text))];
    return { ...NOTHING_HELD, bases: [{ entry: 0, blockLog: 0, weak, strong }] };
  }
});

describe('a receiver of a compressed chunk', () => {
  it('gives credit for what came of it, and leaves the sum to whoever decompresses it', () => {
    const receiver = new TransferReceiver({ hasher });
    receiver.handleRecord(message(0, offer([fileEntry('a', 3000)])));
    receiver.accept();
    receiver.takeConsumed();
    const frames = [data(0, 1024, 4), sumFrame(0, 1, 7n), compressedFrame(0, 1, 10)];
    const record = joined([...frames, data(0, 1028, 6)]);
    receiver.handleRecord(record);
    expect(receiver.takeConsumed()).toBe(record.length - 10);
    const write = receiver.pollWrite();
    expect(write).toMatchObject({ offset: 1024, length: 1024, isCompressed: true, sum: 7n });
    // Many may wait for the disk: none takes more memory than credit.
    expect([write?.bytes.length, write?.bytes.buffer.byteLength]).toEqual([10, 10]);
    receiver.handleWritten(0, 1024, 1024);
    expect([receiver.takeConsumed(), receiver.bytesWritten]).toEqual([10, 1024]);
  });
});
