import type { Hasher } from '../../../src/protocol/ports.ts';
import type { Entry } from '../../../src/protocol/transfer/entries/entry.ts';
import {
  answerPages,
  type Holdings,
  NOTHING_HELD,
} from '../../../src/protocol/transfer/messages/answer-message.ts';
import { TransferSender } from '../../../src/protocol/transfer/transfer-sender.ts';
import { message } from './receiver-support.ts';

export interface SendingOptions {
  readonly hasher: Hasher;
  readonly chunkBytes: number;
  readonly entries: readonly Entry[];
  readonly holdings?: () => Holdings;
  /** Of the answer. */
  readonly flags?: number;
  readonly compresses?: boolean;
}

/** A sender that was told what is wanted, and has asked for what it wants to read. */
export function sending(options: SendingOptions): TransferSender {
  const { entries, holdings = () => NOTHING_HELD, compresses = true, flags, ...rest } = options;
  const sender = new TransferSender({ ...rest, compresses });
  sender.offer(entries);
  while (sender.pollRecord(63_000) !== undefined);
  const [answer = new Uint8Array()] = answerPages(holdings());
  // The third byte: last page, and what the receiver takes.
  if (flags !== undefined) answer[2] = flags;
  sender.handleRecord(message(0, answer));
  while (sender.pollRead() !== undefined);
  return sender;
}
