import type { ErrorCode } from '../../errors.ts';
import { ByteReader } from '../../wire/byte-reader.ts';
import { ByteWriter } from '../../wire/byte-writer.ts';
import { type AnswerPage, readAnswerPage } from './answer-message.ts';
import { type DonePage, readDonePage } from './done-message.ts';
import { errorNumber, errorOfNumber } from './error-number.ts';
import { MessageType } from './message-type.ts';
import { type OfferPage, readOfferPage } from './offer-message.ts';

/** The two ends of a transfer; in a cancellation, the one that gave up. */
export type Side = 'sender' | 'receiver';

export type Message =
  | OfferPage
  | AnswerPage
  | DonePage
  | { readonly kind: 'decline'; readonly reason: ErrorCode }
  | { readonly kind: 'verified' }
  | { readonly kind: 'cancel'; readonly code: ErrorCode; readonly side: Side }
  | { readonly kind: 'unknown' };

/**
 * Decodes a message body; `undefined` when it is malformed. Bytes after the known fields are
 * ignored and so are unknown types: that is where the protocol grows.
 */
export function decodeMessage(body: Uint8Array): Message | undefined {
  const reader = new ByteReader(body);
  switch (reader.uint8()) {
    case undefined:
      return undefined;
    case MessageType.offer:
      return readOfferPage(reader);
    case MessageType.answer:
      return readAnswer(reader);
    case MessageType.done:
      return readDonePage(reader);
    case MessageType.verified:
      return { kind: 'verified' };
    case MessageType.cancel:
      return readCancel(reader);
    default:
      return { kind: 'unknown' };
  }
}

export function encodeDecline(reason: ErrorCode): Uint8Array {
  const writer = new ByteWriter(8);
  writer.uint8(MessageType.answer);
  writer.uint8(VERDICT_DECLINED);
  writer.varint(errorNumber(reason));
  return writer.finish();
}

export function encodeVerified(): Uint8Array {
  return Uint8Array.of(MessageType.verified);
}

export function encodeCancel(code: ErrorCode, side: Side): Uint8Array {
  const writer = new ByteWriter(8);
  writer.uint8(MessageType.cancel);
  writer.varint(errorNumber(code));
  writer.uint8(side === 'sender' ? 1 : 2);
  return writer.finish();
}

const VERDICT_ACCEPTED = 0;
const VERDICT_DECLINED = 1;

function readAnswer(reader: ByteReader): Message | undefined {
  const verdict = reader.uint8();
  if (verdict === VERDICT_ACCEPTED) return readAnswerPage(reader);
  const reason = verdict === VERDICT_DECLINED ? reader.varint() : undefined;
  return reason === undefined ? undefined : { kind: 'decline', reason: errorOfNumber(reason) };
}

function readCancel(reader: ByteReader): Message | undefined {
  const number = reader.varint();
  const side = reader.uint8();
  if (number === undefined || (side !== 1 && side !== 2)) return undefined;
  return { kind: 'cancel', code: errorOfNumber(number), side: side === 1 ? 'sender' : 'receiver' };
}
