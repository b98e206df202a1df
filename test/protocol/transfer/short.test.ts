import fc from 'fast-check';
import { beforeAll, describe, expect, it } from 'vitest';
import { createHasher } from '../../../src/crypto/xxhash.ts';
import type { Hasher } from '../../../src/protocol/ports.ts';
import { compressionRun } from '../../../src/protocol/transfer/chunks/compression-run.ts';
import {
  compressChunks,
  fillChunk,
  outgoingChunk,
  packChunk,
  tellShort,
} from '../../../src/protocol/transfer/chunks/outgoing-chunk.ts';
import { TRANSFER_LIMITS } from '../../../src/protocol/transfer/limits.ts';
import {
  compressedFrame,
  endFrame,
  shortFrame,
  sumFrame,
  zerosFrame,
} from '../../../src/protocol/transfer/messages/frame.ts';
import { RecordBuilder } from '../../../src/protocol/transfer/messages/record-builder.ts';
import { TransferReceiver } from '../../../src/protocol/transfer/transfer-receiver.ts';
import { SeededRandom } from '../../support/seeded-random.ts';
import { seededText } from '../../support/seeded-text.ts';
import { data, expectFailed, finishWrites, message, offer } from './receiver-support.ts';
import { sending } from './sender-support.ts';
import { compress, fileEntry, joined, streamEntry, TransferPair } from './transfer-pair.ts';

let hasher: Hasher;
beforeAll(async () => {
  hasher = await createHasher();
});

const CHUNK = 1024;
/** Of an ANSWER: last page, and chunks of a stream may be short. */
const TAKES_SHORT = 0b10001;

function receiving({ takesShort = true } = {}): TransferReceiver {
  const receiver = new TransferReceiver({ hasher });
  receiver.handleRecord(message(0, offer([fileEntry('a', 3 * CHUNK), streamEntry('b')])));
  receiver.accept(undefined, { takesShort });
  receiver.pollEvent();
  receiver.pollRecord(1200);
  receiver.takeConsumed();
  return receiver;
}

/** A short chunk of the stream, of zeros. */
function short(index: number, length: number): Uint8Array {
  const sum = hasher.xxh64(new Uint8Array(length));
  const bytes = data(1, index * CHUNK, length);
  return joined([shortFrame(1, index, length, length), bytes, sumFrame(1, index, sum)]);
}

describe('streams that come in pieces', () => {
  it('arrive whole, compressed or not, among others and in any order', () => {
    const lengths = fc.array(fc.integer({ min: 0, max: 20_000 }), { minLength: 1, maxLength: 3 });
    const property = fc.property(lengths, fc.nat(), fc.boolean(), (lengths, seed, isText) => {
      const random = new SeededRandom(seed);
      const files = lengths.map((length) =>
        isText ? seededText(random, length) : random.bytes(length),
      );
      if (random.chance(0.3)) files[0]?.fill(0);
      const pair = new TransferPair({
        files,
        hasher,
        random,
        chunkBytes: CHUNK,
        recordBytes: () => 256 + random.integer(3000),
        pieceBytes: () => 1 + random.integer(random.chance(0.5) ? 2 * CHUNK : 20),
        streams: [...files.keys()].filter(() => random.chance(0.8)),
        ...(isText && { compress }),
      });
      pair.run();
      expect(pair.senderEvents.map(({ kind }) => kind)).toEqual(['accepted', 'sent', 'verified']);
      for (const [index, file] of files.entries()) {
        expect(Buffer.compare(pair.received[index] as Uint8Array, file), `file ${index}`).toBe(0);
      }
      const total = files.reduce((sum, { length }) => sum + length, 0);
      expect([pair.sender.bytesTaken, pair.receiver.bytesWritten]).toEqual([total, total]);
      expect(pair.consumed).toBe(pair.handedIn);
    });
    fc.assert(property, { numRuns: 200 });
  });
});

describe('a sender of a stream', () => {
  const streaming = (flags: number) =>
    sending({ hasher, chunkBytes: CHUNK, entries: [streamEntry('a')], flags });
  const packed = (sender: ReturnType<typeof streaming>) => {
    const pieces: Uint8Array[] = [];
    for (let record = sender.pollRecord(300); record; record = sender.pollRecord(300)) {
      pieces.push(joined(record));
    }
    return joined(pieces).length;
  };

  it('lets what there is go at once where the receiver hands it on', () => {
    const sender = streaming(TAKES_SHORT);
    sender.handleRead(0, 0, Buffer.from('a line\n'));
    expect(packed(sender)).toBeGreaterThan(7);
    expect(sender.pollRead()).toMatchObject({ offset: CHUNK, length: CHUNK, mayBeShort: true });
    expect(sender.bytesTaken).toBe(7);
  });

  it('lets the end of a full chunk go once nothing more comes for a moment', () => {
    const sender = streaming(TAKES_SHORT);
    sender.handleRead(0, 0, new SeededRandom(1).bytes(CHUNK));
    expect(sender.pollRead()).toMatchObject({ offset: CHUNK, mayBeShort: true });
    expect(packed(sender)).toBeLessThan(CHUNK);
    sender.handlePause();
    expect(packed(sender)).toBeGreaterThan(0);
    expect(sender.bytesTaken).toBe(CHUNK);
    sender.handleRead(0, CHUNK, new SeededRandom(2).bytes(CHUNK));
    expect(sender.pollRead()).toMatchObject({ offset: 2 * CHUNK });
    packed(sender);
    expect(sender.bytesTaken).toBeLessThan(2 * CHUNK);
  });

  it('reads whole chunks where the receiver does not', () => {
    const sender = streaming(0b1);
    sender.handleRead(0, 0, new SeededRandom(1).bytes(CHUNK));
    expect(sender.pollRead()).toMatchObject({ offset: CHUNK, mayBeShort: false });
    sender.handleRead(0, CHUNK, new SeededRandom(2).bytes(5));
    packed(sender);
    expect(sender.awaitsVerified).toBe(true);
  });
});

describe('a short chunk', () => {
  it('is told once, with what it is long and what travels of it', () => {
    const chunk = outgoingChunk(
      { entry: 0, offset: CHUNK, length: CHUNK },
      { chunkBytes: CHUNK, last: false, hasher },
    );
    fillChunk(chunk, Buffer.from('ho'.repeat(50)));
    tellShort(chunk);
    expect(chunk.heads).toEqual([shortFrame(0, 1, 100, 100)]);
    compressChunks([chunk], Buffer.alloc(9));
    expect(chunk.heads).toEqual([shortFrame(0, 1, 100, 9)]);
  });

  it('is not compressed once its length has been told', () => {
    // There is no room for data behind its frame.
    const at = { entry: 0, offset: 2 ** 35, length: 2 ** 20 };
    const chunk = outgoingChunk(at, { chunkBytes: 2 ** 20, last: false, hasher });
    const text = seededText(new SeededRandom(2), 2 ** 19);
    fillChunk(chunk, text);
    chunk.stage = 'read';
    tellShort(chunk);
    const options = { rate: 1, chunkBytes: 2 ** 20, isLeftOut: () => false };
    expect(compressionRun([chunk], options)?.chunks).toEqual([chunk]);
    const record = new RecordBuilder(25);
    expect(packChunk(record, chunk, text)).toBe(false);
    expect(record.finish()).toEqual([shortFrame(0, 2 ** 15, 2 ** 19, 2 ** 19)]);
    expect(compressionRun([chunk], options)).toBeUndefined();
  });
});

describe('a receiver of short chunks', () => {
  it('takes one before and after its frame, and what a stream ends in', () => {
    const receiver = receiving();
    const sum = hasher.xxh64(new Uint8Array(5));
    receiver.handleRecord(joined([data(1, 0, 5), sumFrame(1, 0, sum)]));
    expect(receiver.pollWrite()).toBeUndefined();
    receiver.handleRecord(shortFrame(1, 0, 5, 5));
    const write = receiver.pollWrite();
    expect(write).toMatchObject({ entry: 1, offset: 0, length: 5 });
    // Many may wait for whoever reads the stream: none takes more memory than credit.
    expect([write?.bytes.length, write?.bytes.buffer.byteLength]).toEqual([5, 5]);
    receiver.handleRecord(joined([endFrame(1, 2 * CHUNK), short(1, 7)]));
    expect(receiver.pollWrite()).toMatchObject({ entry: 1, offset: CHUNK, length: 7 });
    expect(receiver.pollEvent()).toBeUndefined();
  });

  it.each<[string, () => Uint8Array[], boolean?]>([
    ['that it did not ask for', () => [short(0, 5)], false],
    ['of a file', () => [shortFrame(0, 0, 5, 5)]],
    ['of nothing', () => [shortFrame(1, 0, 0, 0)]],
    ['that is full', () => [shortFrame(1, 0, CHUNK, CHUNK)]],
    ['that travels in nothing', () => [shortFrame(1, 0, 5, 0)]],
    ['that travels in more', () => [shortFrame(1, 0, 5, 6)]],
    ['twice', () => [shortFrame(1, 0, 5, 5), shortFrame(1, 0, 4, 4)]],
    ['that is whole', () => [short(0, 5), shortFrame(1, 0, 5, 5)]],
    ['of which more has come', () => [data(1, 0, 6), shortFrame(1, 0, 5, 5)]],
    ['of which more comes', () => [shortFrame(1, 0, 5, 5), data(1, 0, 6)]],
    ['with data behind it', () => [shortFrame(1, 0, 5, 5), data(1, 5, 1)]],
    ['that travels compressed already', () => [compressedFrame(1, 0, 9), shortFrame(1, 0, 50, 9)]],
    ['and compresses it later', () => [shortFrame(1, 0, 50, 9), compressedFrame(1, 0, 8)]],
    ['of zeros, compressed', () => [zerosFrame(1, 0, 9), shortFrame(1, 0, 50, 10)]],
    ['in which its stream ends', () => [shortFrame(1, 0, 5, 5), endFrame(1, 5)]],
    ['in which its stream has ended', () => [endFrame(1, 50), shortFrame(1, 0, 5, 5)]],
    ['and ends the stream in it when it is whole', () => [short(0, 5), endFrame(1, 5)]],
    ['behind the end', () => [endFrame(1, CHUNK), shortFrame(1, 1, 5, 5)]],
    ['too far ahead', () => [short(TRANSFER_LIMITS.shortAhead + 1, 5)]],
  ])('gives up where its sender tells of one %s', (_, frames, takesShort = true) => {
    const receiver = receiving({ takesShort });
    const record = joined(frames());
    receiver.handleRecord(record);
    while (receiver.pollWrite() !== undefined);
    expectFailed(receiver, 'P2P_PROTOCOL', record.length);
  });
});

describe('a receiver of many short chunks', () => {
  it('gives up where one is not what its sum says', () => {
    const receiver = receiving();
    const record = joined([shortFrame(1, 0, 5, 5), data(1, 0, 5), sumFrame(1, 0, 1n)]);
    receiver.handleRecord(record);
    expectFailed(receiver, 'P2P_INTEGRITY', record.length);
  });

  it('takes them as far ahead as they may be', () => {
    const receiver = receiving();
    receiver.handleRecord(short(TRANSFER_LIMITS.shortAhead, 5));
    expect(receiver.pollWrite()).toMatchObject({ offset: TRANSFER_LIMITS.shortAhead * CHUNK });
  });

  it('leaves them in their records while nobody reads the stream, and takes them up later', () => {
    const waitingShort = TRANSFER_LIMITS.shortAhead + TRANSFER_LIMITS.waitingFiles;
    const receiver = receiving();
    let handedIn = 0;
    for (let index = 0; index < waitingShort + 100; index += 1) {
      const record = short(index, 1);
      receiver.handleRecord(record);
      handedIn += record.length;
    }
    const offsets: number[] = [];
    for (let write = receiver.pollWrite(); write; write = receiver.pollWrite()) {
      if ('entry' in write) offsets.push(write.offset);
    }
    expect(offsets).toHaveLength(waitingShort);
    for (const offset of offsets) receiver.handleWritten(1, offset, 1);
    finishWrites(receiver);
    expect([receiver.bytesWritten, receiver.takeConsumed()]).toEqual([
      waitingShort + 100,
      handedIn,
    ]);
  });
});
