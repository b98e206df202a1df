import { expect } from 'vitest';
import type { Entry } from '../../../src/protocol/transfer/entries/entry.ts';
import {
  dataHeader,
  groupHeader,
  messageHeader,
} from '../../../src/protocol/transfer/messages/frame.ts';
import { offerPages } from '../../../src/protocol/transfer/messages/offer-message.ts';
import type { TransferReceiver } from '../../../src/protocol/transfer/transfer-receiver.ts';
import { joined } from './transfer-pair.ts';

const CHUNK_LOG = 10;

export const message = (sequence: number, body: Uint8Array): Uint8Array =>
  joined([messageHeader(sequence, true, body.length), body]);
export const data = (entry: number, offset: number, length: number): Uint8Array =>
  joined([dataHeader(entry, offset, length), new Uint8Array(length)]);
/** A part of a group, of zeros. */
export const group = (at: Parameters<typeof groupHeader>[0], length: number): Uint8Array =>
  joined([groupHeader(at, length), new Uint8Array(length)]);
/** An offer's single page with totals and chunk size as told, true or not. */
export function offer(
  entries: readonly Entry[],
  totalBytes?: number,
  chunkLog = CHUNK_LOG,
): Uint8Array {
  const total = totalBytes ?? entries.reduce((sum, { size }) => sum + size, 0);
  return [...offerPages(entries, total, chunkLog)][0] as Uint8Array;
}

/** Says of all that is to be written that it is. */
export function finishWrites(receiver: TransferReceiver): void {
  for (let write = receiver.pollWrite(); write; write = receiver.pollWrite()) {
    if ('entry' in write) receiver.handleWritten(write.entry, write.offset, write.length);
    else for (const { entry, length } of write.files) receiver.handleWritten(entry, 0, length);
  }
}

/** Expects the failure, that the sender is told, and that all credit has come back. */
export function expectFailed(receiver: TransferReceiver, code: string, handedIn?: number): void {
  expect(receiver.pollEvent()).toMatchObject({ kind: 'failed', code, by: 'self' });
  expect(receiver.pollEvent()).toBeUndefined();
  expect(receiver.pollWrite()).toBeUndefined();
  const record = joined(receiver.pollRecord(1200) ?? []);
  expect(record.at(-3)).toBe(5);
  expect(record.at(-1)).toBe(2);
  if (handedIn !== undefined) expect(receiver.takeConsumed()).toBe(handedIn);
}
