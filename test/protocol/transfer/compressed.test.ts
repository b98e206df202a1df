import fc from 'fast-check';
import { beforeAll, describe, expect, it } from 'vitest';
import { createHasher } from '../../../src/crypto/xxhash.ts';
import type { Hasher } from '../../../src/protocol/ports.ts';
import { answerPages, NOTHING_HELD } from '../../../src/protocol/transfer/answer-message.ts';
import { compressedFrame, sumFrame } from '../../../src/protocol/transfer/frame.ts';
import { TransferReceiver } from '../../../src/protocol/transfer/transfer-receiver.ts';
import { TransferSender } from '../../../src/protocol/transfer/transfer-sender.ts';
import { SeededRandom } from '../../support/seeded-random.ts';
import { seededText } from '../../support/seeded-text.ts';
import { data, message, offer } from './receiver-support.ts';
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
    const sender = new TransferSender({ hasher, chunkBytes: CHUNK });
    sender.offer([fileEntry('a', CHUNK)]);
    sender.pollRecord(1200);
    const [answer = new Uint8Array()] = answerPages(NOTHING_HELD);
    sender.handleRecord(message(0, answer));
    sender.pollRead();
    const bytes = seededText(new SeededRandom(4), CHUNK);
    const compressed = compress(bytes);
    sender.handleRead(0, 0, bytes, compressed);
    const pieces = sender.pollRecord(63_056) ?? [];
    expect(pieces.some(({ buffer }) => buffer === compressed.buffer)).toBe(true);
    expect(pieces.some(({ buffer }) => buffer === bytes.buffer)).toBe(false);
    expect(sender.pollReleased()).toBeUndefined();
    sender.pollRecord(1200);
    expect(sender.pollReleased()).toBe(bytes);
    expect(sender.pollReleased()).toBeUndefined();
  });
});

describe('a sender that has an answer', () => {
  it('knows how much of a chunk has to travel', () => {
    const sender = new TransferSender({ hasher, chunkBytes: CHUNK });
    sender.offer([fileEntry('a', 3 * CHUNK)]);
    const [same, other] = [
      seededText(new SeededRandom(5), CHUNK),
      new SeededRandom(6).bytes(CHUNK),
    ];
    const strong = [same, other].map((chunk) => hasher.xxh64(chunk));
    const none = new Uint32Array(0);
    const basis = { entry: 0, blockLog: 0, weak: none, strong: BigUint64Array.from(strong) };
    const [answer = new Uint8Array()] = answerPages({ ...NOTHING_HELD, bases: [basis] });
    sender.handleRecord(message(0, answer));
    while (sender.pollRead() !== undefined);
    const needed = [same, same, new Uint8Array(CHUNK)].map((chunk, index) => {
      return sender.neededBytes(0, index * CHUNK, chunk);
    });
    expect(needed).toEqual([0, CHUNK, 0]);
    expect(sender.neededBytes(0, 3 * CHUNK, same)).toBe(0);
  });

  it.each([true, false])('knows whether chunks may come compressed: %s', (takesCompressed) => {
    const sender = new TransferSender({ hasher, chunkBytes: CHUNK });
    sender.offer([fileEntry('a', CHUNK)]);
    const [answer = new Uint8Array()] = answerPages(NOTHING_HELD);
    // The flags are the third byte; an older receiver does not know the third of them.
    if (!takesCompressed) answer[2] = 1;
    sender.handleRecord(message(0, answer));
    expect(sender.pollEvent()).toMatchObject({ kind: 'accepted', takesCompressed });
  });
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
