import { beforeAll, describe, expect, it } from 'vitest';
import { createHasher } from '../../../src/crypto/xxhash.ts';
import type { Hasher } from '../../../src/protocol/ports.ts';
import {
  answerPages,
  type EntryRun,
  type HaveRange,
  NOTHING_HELD,
} from '../../../src/protocol/transfer/messages/answer-message.ts';
import {
  dataHeader,
  messageHeader,
  sumFrame,
} from '../../../src/protocol/transfer/messages/frame.ts';
import {
  encodeCancel,
  encodeDecline,
  encodeVerified,
} from '../../../src/protocol/transfer/messages/message.ts';
import { TransferSender } from '../../../src/protocol/transfer/transfer-sender.ts';
import { fileEntry, joined } from './transfer-pair.ts';

let hasher: Hasher;
beforeAll(async () => {
  hasher = await createHasher();
});

const message = (sequence: number, body: Uint8Array): Uint8Array =>
  joined([messageHeader(sequence, true, body.length), body]);
const answer = (have: readonly HaveRange[] = [], skipped: readonly EntryRun[] = []): Uint8Array =>
  [...answerPages({ ...NOTHING_HELD, skipped, have })][0] as Uint8Array;

/** Bytes that have to travel. */
const full = (length: number): Uint8Array => new Uint8Array(length).fill(7);

function offering(size: number): TransferSender {
  const sender = new TransferSender({ hasher, chunkBytes: 1024 });
  sender.offer([fileEntry('a', size)]);
  expect(sender.pollRecord(1200)).toHaveLength(2);
  expect(sender.pollRecord(1200)).toBeUndefined();
  return sender;
}

function sending(size: number, have: readonly HaveRange[] = []): TransferSender {
  const sender = offering(size);
  sender.handleRecord(message(0, answer(have)));
  expect(sender.pollEvent()).toMatchObject({ kind: 'accepted', limit: undefined });
  return sender;
}

describe('a sender', () => {
  it('is told how many bytes a second are wanted, and that none is no answer', () => {
    const limited = (limit: number) => {
      const sender = offering(10_000);
      const [page = new Uint8Array()] = answerPages(NOTHING_HELD, { limit });
      sender.handleRecord(message(0, page));
      return sender.pollEvent();
    };
    expect(limited(5_000_000)).toMatchObject({ kind: 'accepted', limit: 5_000_000 });
    expect(limited(0)).toMatchObject({ kind: 'failed', code: 'P2P_PROTOCOL' });
  });

  it('reads nothing before it is accepted, and then four chunks ahead', () => {
    expect(offering(10_000).pollRead()).toBeUndefined();
    const sender = sending(10_000);
    const reads = Array.from({ length: 5 }, () => sender.pollRead());
    expect(reads).toEqual([
      { entry: 0, offset: 0, length: 1024, mayBeShort: false },
      { entry: 0, offset: 1024, length: 1024, mayBeShort: false },
      { entry: 0, offset: 2048, length: 1024, mayBeShort: false },
      { entry: 0, offset: 3072, length: 1024, mayBeShort: false },
      undefined,
    ]);
  });

  it('waits for a full record rather than send a short one, but not at the end', () => {
    const sender = sending(1500);
    sender.pollRead();
    sender.pollRead();
    sender.handleRead(0, 0, full(1024));
    expect(sender.pollRecord(1200)).toBeUndefined();
    sender.handleRead(0, 1024, full(476));
    expect(joined(sender.pollRecord(1200) ?? [])).toHaveLength(1200);
    expect(sender.pollEvent()).toBeUndefined();
    expect(sender.pollRecord(1200)).toBeDefined();
    expect(sender.pollEvent()).toEqual({ kind: 'sent' });
    expect(sender.pollRecord(1200)).toBeUndefined();
  });

  it('sends views into the chunk and gives it back once the next record is asked for', () => {
    const sender = sending(1024);
    sender.pollRead();
    const chunk = full(1024);
    sender.handleRead(0, 0, chunk);
    const pieces = sender.pollRecord(1200) ?? [];
    expect(pieces.some(({ buffer }) => buffer === chunk.buffer)).toBe(true);
    expect(sender.pollReleased()).toBeUndefined();
    sender.pollRecord(1200);
    expect(sender.pollReleased()).toBe(chunk);
    expect(sender.pollReleased()).toBeUndefined();
  });

  it('says nothing before it knows what it has', () => {
    const sender = new TransferSender({ hasher });
    expect(sender.pollRecord(1200)).toBeUndefined();
    sender.handleRecord(message(0, answer()));
    expect(sender.pollEvent()).toMatchObject({ kind: 'failed', code: 'P2P_PROTOCOL' });
    // Whoever was scanning folders meanwhile need not know.
    sender.offer([fileEntry('a', 1)]);
    expect(sender.pollRead()).toBeUndefined();
  });

  it('does not wait for what can never come, however large the record', () => {
    const sender = sending(10_000);
    for (let read = sender.pollRead(); read; read = sender.pollRead()) {
      sender.handleRead(0, read.offset, full(read.length));
    }
    const length = joined(sender.pollRecord(63_056) ?? []).length;
    expect(length).toBeGreaterThan(4096);
    expect(sender.pollRead()).toMatchObject({ offset: 4096 });
  });
});

describe('a sender that comes to an end', () => {
  it('says that its source has changed when a read comes up short', () => {
    const sender = sending(1500);
    sender.pollRead();
    sender.handleRead(0, 0, new Uint8Array(1000));
    const failed = { kind: 'failed', code: 'P2P_SOURCE_CHANGED', by: 'self' };
    expect(sender.pollEvent()).toMatchObject(failed);
    expect(joined(sender.pollRecord(1200) ?? []).slice(-3)).toEqual(Uint8Array.of(5, 17, 1));
    expect(sender.pollRecord(1200)).toBeUndefined();
  });

  it('tells how it ended: declined, cancelled, verified', () => {
    const declined = offering(1);
    declined.handleRecord(message(0, encodeDecline('P2P_DECLINED')));
    expect(declined.pollEvent()).toEqual({ kind: 'declined', reason: 'P2P_DECLINED' });
    const cancelled = sending(1);
    cancelled.handleRecord(message(1, encodeCancel('P2P_DISK_FULL', 'receiver')));
    const failed = { kind: 'failed', code: 'P2P_DISK_FULL', by: 'peer' };
    expect(cancelled.pollEvent()).toMatchObject(failed);
    expect(cancelled.pollRecord(1200)).toBeUndefined();
    const verified = sending(0);
    expect(verified.pollRecord(1200)).toBeDefined();
    expect(verified.pollEvent()).toEqual({ kind: 'sent' });
    verified.handleRecord(message(1, encodeVerified()));
    expect(verified.pollEvent()).toEqual({ kind: 'verified' });
  });
});

describe('a sender whose receiver breaks the rules', () => {
  const cases: [string, () => Uint8Array][] = [
    ['data', () => joined([dataHeader(0, 0, 1), new Uint8Array(1)])],
    ['a sum', () => sumFrame(0, 0, 0n)],
    ['a word before its time', () => message(0, encodeVerified())],
    ['our own cancellation', () => message(0, encodeCancel('P2P_CANCELLED', 'sender'))],
    ['chunks beyond the end', () => message(0, answer([{ entry: 0, first: 1, count: 2 }]))],
    ['no chunks', () => message(0, answer([{ entry: 0, first: 0, count: 0 }]))],
    ['chunks of an unknown entry', () => message(0, answer([{ entry: 1, first: 0, count: 1 }]))],
    [
      'chunks out of order',
      () =>
        message(
          0,
          answer([
            { entry: 0, first: 1, count: 1 },
            { entry: 0, first: 0, count: 1 },
          ]),
        ),
    ],
    ['entries that are not there', () => message(0, answer([], [{ first: 0, count: 2 }]))],
    ['no entries', () => message(0, answer([], [{ first: 0, count: 0 }]))],
    [
      'entries out of order',
      () =>
        message(
          0,
          answer(
            [],
            [
              { first: 0, count: 1 },
              { first: 0, count: 1 },
            ],
          ),
        ),
    ],
    ['answers that never end', () => message(0, Uint8Array.of(2, 0, 0, 0, 0, 0))],
    ['delivery of what was never sent', () => Uint8Array.of(5, 2)],
    ['rubbish', () => Uint8Array.of(0xff)],
  ];

  it.each(cases)('ends with a protocol error on %s', (_, record) => {
    const sender = offering(2000);
    const bytes = record();
    sender.handleRecord(bytes);
    expect(sender.pollEvent()).toMatchObject({ kind: 'failed', code: 'P2P_PROTOCOL', by: 'self' });
    expect(sender.takeConsumed()).toBe(bytes.length);
    expect(joined(sender.pollRecord(1200) ?? []).slice(-3)).toEqual(Uint8Array.of(5, 25, 1));
  });
});
