import type { ByteReader } from '../wire/byte-reader.ts';
import type { ByteWriter } from '../wire/byte-writer.ts';
import { CONNECTION_ID_BYTES } from '../wire/packet.ts';
import {
  ADDRESS_TOKEN_BYTES,
  CLAIM_ID_BYTES,
  encodeMessage,
  MAX_BODY_BYTES,
  MAX_HELLO_BYTES,
  MessageType,
  type OpenMessage,
  openMessage,
  RENDEZVOUS_VERSION,
  SECRET_BYTES,
} from './message.ts';

/** Every request is padded to this, so that CHALLENGE and each small answer are smaller (security §6.2). */
export const MIN_REQUEST_BYTES = 64;
/** A CLAIM is answered with the hello: 300 bytes at most. */
export const MIN_CLAIM_BYTES = 320;

/** How a session ended, in the words of CLOSE. */
export const OUTCOMES = ['happy', 'failed', 'cancelled'] as const;
export type Outcome = (typeof OUTCOMES)[number];

/** What every request carries before its own fields. */
export interface RequestHead {
  readonly txid: Uint8Array;
  /** The address token; zeros while none is known. */
  readonly token: Uint8Array;
}

export interface OpenRequest extends OpenMessage, RequestHead {
  readonly version: number;
}

export interface RegisterFields {
  readonly ownerSecret: Uint8Array;
  /** The nameplate asked for, or 0 to let the server choose. */
  readonly wanted: number;
  /** Whether guests are expected one after the other, for as long as it lasts. */
  readonly isOpen: boolean;
  readonly hello: Uint8Array;
}

export interface RefreshFields {
  readonly nameplate: number;
  readonly ownerSecret: Uint8Array;
}

export interface ClaimFields {
  readonly nameplate: number;
  readonly claimId: Uint8Array;
  readonly claimSecret: Uint8Array;
}

export interface PostFields {
  readonly nameplate: number;
  readonly claimId: Uint8Array;
  /** The owner's or the claim's: it says which side posts. */
  readonly secret: Uint8Array;
  readonly body: Uint8Array;
}

export interface BindFields {
  readonly nameplate: number;
  readonly claimId: Uint8Array;
  readonly secret: Uint8Array;
  readonly relayToken: Uint8Array;
  /** The connection id of the packets that this side receives. */
  readonly connectionId: Uint8Array;
}

export interface CloseFields {
  readonly nameplate: number;
  readonly secret: Uint8Array;
  readonly outcome: Outcome;
}

/**
 * From which of the server's sockets an OBSERVE is answered (RFC 5780 §7.2, CHANGE-REQUEST): the
 * one that was asked, one at another port of its address, or one at another address and port.
 */
export const REPLY_SOURCES = ['asked', 'other-port', 'other-address'] as const;
export type ReplySource = (typeof REPLY_SOURCES)[number];

export interface ObserveFields {
  readonly replyFrom: ReplySource;
}

/** Opens a request of any type and version; `undefined` when it is none or is not padded as it must be. */
export function openRequest(packet: Uint8Array): OpenRequest | undefined {
  const message = openMessage(packet);
  if (!message || message.type < MessageType.register || message.type > MessageType.observe) {
    return undefined;
  }
  const atLeast = message.type === MessageType.claim ? MIN_CLAIM_BYTES : MIN_REQUEST_BYTES;
  if (packet.length < atLeast) return undefined;
  const version = message.fields.uint8();
  const token = message.fields.bytes(ADDRESS_TOKEN_BYTES);
  return version === undefined || !token ? undefined : { ...message, version, token };
}

export function encodeRegister(head: RequestHead, fields: RegisterFields): Uint8Array {
  return encodeRequest(MessageType.register, head, (writer) => {
    writer.bytes(fields.ownerSecret);
    writer.uint32(fields.wanted);
    writer.prefixed(fields.hello);
    writer.uint8(fields.isOpen ? 1 : 0);
  });
}

export function decodeRegister(fields: ByteReader): RegisterFields | undefined {
  const ownerSecret = fields.bytes(SECRET_BYTES);
  const wanted = fields.uint32();
  const hello = fields.prefixed(MAX_HELLO_BYTES);
  if (!ownerSecret || wanted === undefined || !hello) return undefined;
  // Behind the hello of an older client there is padding, or nothing.
  return { ownerSecret, wanted, isOpen: fields.uint8() === 1, hello };
}

export function encodeRefresh(head: RequestHead, fields: RefreshFields): Uint8Array {
  return encodeRequest(MessageType.refresh, head, (writer) => {
    writer.uint32(fields.nameplate);
    writer.bytes(fields.ownerSecret);
  });
}

export function decodeRefresh(fields: ByteReader): RefreshFields | undefined {
  const nameplate = fields.uint32();
  const ownerSecret = fields.bytes(SECRET_BYTES);
  return nameplate === undefined || !ownerSecret ? undefined : { nameplate, ownerSecret };
}

export function encodeClaim(head: RequestHead, fields: ClaimFields): Uint8Array {
  const write = (writer: ByteWriter): void => {
    writer.uint32(fields.nameplate);
    writer.bytes(fields.claimId);
    writer.bytes(fields.claimSecret);
  };
  return encodeRequest(MessageType.claim, head, write, MIN_CLAIM_BYTES);
}

export function decodeClaim(fields: ByteReader): ClaimFields | undefined {
  const nameplate = fields.uint32();
  const claimId = fields.bytes(CLAIM_ID_BYTES);
  const claimSecret = fields.bytes(SECRET_BYTES);
  if (nameplate === undefined || !claimId || !claimSecret) return undefined;
  return { nameplate, claimId, claimSecret };
}

export function encodePost(head: RequestHead, fields: PostFields): Uint8Array {
  return encodeRequest(MessageType.post, head, (writer) => {
    writer.uint32(fields.nameplate);
    writer.bytes(fields.claimId);
    writer.bytes(fields.secret);
    writer.prefixed(fields.body);
  });
}

export function decodePost(fields: ByteReader): PostFields | undefined {
  const nameplate = fields.uint32();
  const claimId = fields.bytes(CLAIM_ID_BYTES);
  const secret = fields.bytes(SECRET_BYTES);
  const body = fields.prefixed(MAX_BODY_BYTES);
  if (nameplate === undefined || !claimId || !secret || !body) return undefined;
  return { nameplate, claimId, secret, body };
}

export function encodeBind(head: RequestHead, fields: BindFields): Uint8Array {
  return encodeRequest(MessageType.bind, head, (writer) => {
    writer.uint32(fields.nameplate);
    writer.bytes(fields.claimId);
    writer.bytes(fields.secret);
    writer.bytes(fields.relayToken);
    writer.bytes(fields.connectionId);
  });
}

export function decodeBind(fields: ByteReader): BindFields | undefined {
  const nameplate = fields.uint32();
  const claimId = fields.bytes(CLAIM_ID_BYTES);
  const secret = fields.bytes(SECRET_BYTES);
  const relayToken = fields.bytes(SECRET_BYTES);
  const connectionId = fields.bytes(CONNECTION_ID_BYTES);
  if (nameplate === undefined || !claimId || !secret || !relayToken || !connectionId) {
    return undefined;
  }
  return { nameplate, claimId, secret, relayToken, connectionId };
}

export function encodeClose(head: RequestHead, fields: CloseFields): Uint8Array {
  return encodeRequest(MessageType.close, head, (writer) => {
    writer.uint32(fields.nameplate);
    writer.bytes(fields.secret);
    writer.uint8(OUTCOMES.indexOf(fields.outcome));
  });
}

export function decodeClose(fields: ByteReader): CloseFields | undefined {
  const nameplate = fields.uint32();
  const secret = fields.bytes(SECRET_BYTES);
  const outcome = OUTCOMES[fields.uint8() ?? OUTCOMES.length];
  return nameplate === undefined || !secret || !outcome
    ? undefined
    : { nameplate, secret, outcome };
}

/** `bytes`: how long it is made, where it is to be found out whether so much gets there. */
export function encodeObserve(
  head: RequestHead,
  { replyFrom }: ObserveFields,
  bytes = MIN_REQUEST_BYTES,
): Uint8Array {
  const write = (writer: ByteWriter): void => writer.uint8(REPLY_SOURCES.indexOf(replyFrom));
  return encodeRequest(MessageType.observe, head, write, bytes);
}

export function decodeObserve(fields: ByteReader): ObserveFields | undefined {
  const replyFrom = REPLY_SOURCES[fields.uint8() ?? REPLY_SOURCES.length];
  return replyFrom && { replyFrom };
}

function encodeRequest(
  type: number,
  head: RequestHead,
  write: (writer: ByteWriter) => void,
  atLeast = MIN_REQUEST_BYTES,
): Uint8Array {
  const writeAll = (writer: ByteWriter): void => {
    writer.uint8(RENDEZVOUS_VERSION);
    writer.bytes(head.token);
    write(writer);
  };
  return encodeMessage(type, head.txid, writeAll, atLeast);
}
