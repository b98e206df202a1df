import { beforeAll, describe, expect, it } from 'vitest';
import { createHasher } from '../../../src/crypto/xxhash.ts';
import type { Hasher } from '../../../src/protocol/ports.ts';
import type { ChunkWrite } from '../../../src/protocol/transfer/chunks/chunk-writes.ts';
import { TRANSFER_LIMITS } from '../../../src/protocol/transfer/limits.ts';
import { donePages } from '../../../src/protocol/transfer/messages/done-message.ts';
import { sumFrame } from '../../../src/protocol/transfer/messages/frame.ts';
import { offerPages } from '../../../src/protocol/transfer/messages/offer-message.ts';
import { TransferReceiver } from '../../../src/protocol/transfer/transfer-receiver.ts';
import { data, message } from './receiver-support.ts';
import { fileEntry, joined } from './transfer-pair.ts';

let hasher: Hasher;
let sum: bigint;
beforeAll(async () => {
  hasher = await createHasher();
  sum = hasher.xxh64(new Uint8Array(1));
});

const { waitingFiles, waitingRecords } = TRANSFER_LIMITS;
const FILES_PER_RECORD = 100;

/** A receiver of so many files of one byte, and the digests that their sender tells at the end. */
function receiving(files: number): { receiver: TransferReceiver; done: Uint8Array } {
  const receiver = new TransferReceiver({ hasher });
  const entries = Array.from({ length: files }, (_, index) => fileEntry(`f${index}`, 1));
  const offers = [...offerPages(entries, files, 10)];
  for (const [i, page] of offers.entries()) receiver.handleRecord(message(i, page));
  expect(receiver.pollEvent()).toMatchObject({ kind: 'offer' });
  receiver.accept();
  receiver.takeConsumed();
  const sums = new Uint8Array(8);
  new DataView(sums.buffer).setBigUint64(0, sum);
  const digests = new BigUint64Array(files).fill(hasher.xxh64(sums));
  const pages = [...donePages(entries, digests)].map((page, i) => message(offers.length + i, page));
  return { receiver, done: joined(pages) };
}

function recordOf(first: number, count: number): Uint8Array {
  const files = Array.from({ length: count }, (_, i) => first + i);
  return joined(files.flatMap((entry) => [data(entry, 0, 1), sumFrame(entry, 0, sum)]));
}

/** All that is to be written now. */
function writes(receiver: TransferReceiver): ChunkWrite[] {
  const all: ChunkWrite[] = [];
  for (let write = receiver.pollWrite(); write; write = receiver.pollWrite()) {
    if ('entry' in write) all.push(write);
  }
  return all;
}

describe('a receiver of many tiny files whose disk stands still', () => {
  it('leaves them in their records, and takes them apart as others are written', () => {
    const files = 5 * waitingFiles;
    const { receiver, done } = receiving(files);
    let handedIn = 0;
    const handIn = (record: Uint8Array) => {
      receiver.handleRecord(record);
      handedIn += record.length;
      // They serve others afterwards.
      record.fill(0xff);
    };
    for (let first = 0; first < files; first += FILES_PER_RECORD) {
      handIn(recordOf(first, Math.min(FILES_PER_RECORD, files - first)));
    }
    handIn(done);
    let consumed = receiver.takeConsumed();
    expect(consumed).toBeLessThan(handedIn / 4);
    const entries: number[] = [];
    for (let some = writes(receiver); some.length > 0; some = writes(receiver)) {
      expect(some.length).toBeLessThan(waitingFiles + FILES_PER_RECORD);
      for (const { entry, offset, length } of some) {
        entries.push(entry);
        receiver.handleWritten(entry, offset, length);
      }
      consumed += receiver.takeConsumed();
    }
    expect(entries).toEqual(Array.from({ length: files }, (_, entry) => entry));
    expect(receiver.pollEvent()).toEqual({ kind: 'complete', omitted: [] });
    expect(consumed).toBe(handedIn);
  });

  it('gives all credit back when it gives up', () => {
    const { receiver } = receiving(2 * waitingFiles);
    const records = [recordOf(0, waitingFiles), recordOf(waitingFiles, waitingFiles)];
    for (const record of records) receiver.handleRecord(record);
    receiver.cancel('P2P_DISK_FULL');
    expect(receiver.takeConsumed()).toBe(joined(records).length);
  });

  it('keeps no more records than there are limits, however small they are', () => {
    const files = waitingFiles + waitingRecords + 2;
    const { receiver } = receiving(files);
    for (let entry = 0; entry < files; entry += 1) receiver.handleRecord(recordOf(entry, 1));
    // The last but one found no room, and those that waited were taken apart.
    expect(writes(receiver)).toHaveLength(waitingFiles + waitingRecords);
  });
});
