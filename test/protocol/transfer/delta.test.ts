import { beforeAll, describe, expect, it } from 'vitest';
import { createHasher } from '../../../src/crypto/xxhash.ts';
import type { Hasher } from '../../../src/protocol/ports.ts';
import { BlockMatcher, rollingSum } from '../../../src/protocol/transfer/chunks/block-matcher.ts';
import { NOTHING_HELD } from '../../../src/protocol/transfer/messages/answer-message.ts';
import type { Basis } from '../../../src/protocol/transfer/messages/basis.ts';
import { copyFrame, endFrame } from '../../../src/protocol/transfer/messages/frame.ts';
import { TransferReceiver } from '../../../src/protocol/transfer/transfer-receiver.ts';
import { SeededRandom } from '../../support/seeded-random.ts';
import { seededText } from '../../support/seeded-text.ts';
import { forEachSeed } from '../../support/seeds.ts';
import { expectFailed, message, offer } from './receiver-support.ts';
import { compress, fileEntry, joined, TransferPair } from './transfer-pair.ts';

const BLOCK = 4096;
const CHUNK = 2 ** 16;
let hasher: Hasher;
beforeAll(async () => {
  hasher = await createHasher();
});

function basisOf(entry: number, older: Uint8Array, blockBytes: number): Basis {
  const isChunks = blockBytes === CHUNK;
  const count = isChunks
    ? Math.ceil(older.length / blockBytes)
    : Math.floor(older.length / blockBytes);
  const parts = Array.from({ length: count }, (_, i) =>
    older.subarray(i * blockBytes, (i + 1) * blockBytes),
  );
  return {
    entry,
    blockLog: isChunks ? 0 : Math.log2(blockBytes),
    weak: Uint32Array.from(isChunks ? [] : parts.map((part) => rollingSum(part, 0, part.length))),
    strong: BigUint64Array.from(parts.map((part) => hasher.xxh64(part))),
  };
}

/** Sends `files` to somebody who has `older` ones; yields how many bytes were sent. */
function send(
  files: readonly Uint8Array[],
  older: readonly Uint8Array[],
  blockBytes: number,
  seed: number,
  compress: (chunk: Uint8Array) => Uint8Array | undefined = () => undefined,
) {
  const random = new SeededRandom(seed);
  const bases = older.map((bytes, entry) => basisOf(entry, bytes, blockBytes));
  const pair = new TransferPair({
    files,
    hasher,
    chunkBytes: CHUNK,
    recordBytes: () => 1200 + random.integer(5000),
    random,
    holdings: { ...NOTHING_HELD, bases: bases.filter(({ strong }) => strong.length > 0) },
    older: new Map(older.entries()),
    compress,
  });
  pair.run();
  expect(pair.receiverEvents.at(-1)).toEqual({ kind: 'complete', omitted: [] });
  for (const [index, file] of files.entries()) {
    expect(Buffer.compare(pair.received[index] ?? new Uint8Array(0), file), `${index}`).toBe(0);
  }
  return pair.records.reduce((sum, length) => sum + length, 0);
}

/** What people do to files. */
function edited(bytes: Uint8Array, random: SeededRandom): Uint8Array {
  let parts: Uint8Array[] = [bytes];
  for (let edits = random.integer(5); edits > 0; edits -= 1) {
    const whole = Buffer.concat(parts);
    const at = random.integer(whole.length + 1);
    const cut = random.chance(0.5) ? random.integer(9000) : 0;
    parts = [whole.subarray(0, at), random.bytes(random.integer(3000)), whole.subarray(at + cut)];
  }
  return joined(parts);
}

describe('a file of which the receiver has an older version', () => {
  it('travels by its changes, wherever they are', () => {
    const older = new SeededRandom(1).bytes(1_000_000);
    const inserted = joined([new SeededRandom(2).bytes(1000), older]);
    expect(send([older], [older], BLOCK, 1)).toBeLessThan(30_000);
    // At the end of each chunk something less than a block is left over.
    expect(send([inserted], [older], BLOCK, 2)).toBeLessThan(120_000);
    const other = new SeededRandom(3).bytes(1_000_000);
    expect(send([other], [older], BLOCK, 3)).toBeGreaterThan(1_000_000);
  });

  it('does not travel at all where its chunks are the same', () => {
    const older = [100, CHUNK, 5 * CHUNK + 7].map((size, i) => new SeededRandom(i).bytes(size));
    expect(send(older, older, CHUNK, 4)).toBeLessThan(2000);
    const changed = older.map((bytes) => Uint8Array.from(bytes));
    const last = changed[2] as Uint8Array;
    last[3 * CHUNK] = ~(last[3 * CHUNK] ?? 0);
    expect(send(changed, older, CHUNK, 5)).toBeGreaterThan(CHUNK);
    expect(send(changed, older, CHUNK, 5)).toBeLessThan(CHUNK + 3000);
  });

  it('travels compressed where that is less than what has changed', () => {
    const text = seededText(new SeededRandom(7), 8 * CHUNK);
    const older = text.subarray(0, 2 * CHUNK);
    const [plain, packed] = [
      send([text], [older], BLOCK, 7),
      send([text], [older], BLOCK, 7, compress),
    ];
    expect(plain).toBeGreaterThan(6 * CHUNK);
    expect(packed).toBeLessThan(plain / 2);
    // Of the first chunks nothing but a word about them.
    expect(packed).toBeLessThan(send([text], [], BLOCK, 7, compress) - CHUNK / 4);
  });

  forEachSeed('arrives whole, whatever was done to it', 60, async (seed) => {
    const random = new SeededRandom(seed);
    const make = (length: number) =>
      random.chance(0.5) ? random.bytes(length) : seededText(random, length);
    const older = [0, 1, 2].map(() => make(random.integer(4 * CHUNK)));
    const files = older.map((bytes) => edited(bytes, random));
    send(files, older, BLOCK, seed, (chunk) => (random.chance(0.5) ? compress(chunk) : undefined));
  });

  it('is found in zeros and other files of one block', () => {
    const older = new Uint8Array(50 * BLOCK);
    const file = joined([new Uint8Array(100 * BLOCK), Uint8Array.of(1), older]);
    expect(send([file], [older], BLOCK, 6)).toBeLessThan(70_000);
  });
});

describe('a rolling sum', () => {
  it('says the same wherever it comes from', () => {
    const bytes = new SeededRandom(8).bytes(3 * BLOCK);
    for (const at of [1, 17, BLOCK - 1, 2 * BLOCK]) {
      const block = bytes.subarray(at, at + BLOCK);
      const weak = Uint32Array.of(rollingSum(block, 0, BLOCK));
      const strong = BigUint64Array.of(hasher.xxh64(block));
      const copies = new BlockMatcher(BLOCK, weak, strong, hasher).match(bytes);
      expect(copies).toEqual([{ start: at, length: BLOCK, from: 0 }]);
    }
  });
});

describe('a sender that tells of copies that cannot be', () => {
  it.each([
    ['of an entry without an older file', () => copyFrame(1, 0, 100, 0)],
    ['from behind the older file', () => copyFrame(0, 0, 100, 2 * BLOCK - 50)],
    ['from far behind it', () => copyFrame(0, 0, 100, Number.MAX_SAFE_INTEGER)],
    ['of nothing', () => copyFrame(0, 0, 0, 0)],
    ['to behind the entry', () => copyFrame(0, 9950, 100, 0)],
    ['across chunks', () => copyFrame(0, 1000, 100, 0)],
    ['of an unknown entry', () => copyFrame(7, 0, 1, 0)],
    ['and of an end', () => endFrame(0, 100)],
  ])('ends with a protocol error: %s', (_, record) => {
    const receiver = new TransferReceiver({ hasher });
    receiver.handleRecord(message(0, offer([fileEntry('a', 10_000), fileEntry('b', 10_000)])));
    receiver.pollEvent();
    const older = new Uint8Array(2 * BLOCK);
    receiver.accept({ ...NOTHING_HELD, bases: [basisOf(0, older, BLOCK)] });
    receiver.handleRecord(record());
    expectFailed(receiver, 'P2P_PROTOCOL');
  });
});
