import type { ByteReader } from '../wire/byte-reader.ts';
import { type Endpoint, readEndpoint, writeEndpoint } from '../wire/endpoint.ts';
import {
  ADDRESS_TOKEN_BYTES,
  CLAIM_ID_BYTES,
  encodeMessage,
  MAX_BODY_BYTES,
  MAX_HELLO_BYTES,
  MessageType,
  openMessage,
  RENDEZVOUS_VERSION,
} from './message.ts';
import { REFUSALS, type Refusal, refusalOf } from './refusal.ts';

/** Everything a server sends. `observed` is the asker's endpoint as the server saw it. */
export type Reply =
  | { readonly kind: 'challenge'; readonly token: Uint8Array; readonly observed: Endpoint }
  | { readonly kind: 'registered'; readonly nameplate: number; readonly observed: Endpoint }
  | { readonly kind: 'refreshed'; readonly observed: Endpoint }
  | { readonly kind: 'claimed'; readonly observed: Endpoint; readonly hello: Uint8Array }
  | {
      /** What the other side posted; the transaction id is that of our own REGISTER or CLAIM. */
      readonly kind: 'deliver';
      readonly claimId: Uint8Array;
      readonly peer: Endpoint;
      readonly body: Uint8Array;
    }
  | { readonly kind: 'bound'; readonly paired: boolean }
  | { readonly kind: 'closed' }
  | ({ readonly kind: 'observed'; readonly observed: Endpoint } & Alternates)
  | {
      readonly kind: 'error';
      readonly refusal: Refusal;
      /** Of a server that refuses a version: the one that it speaks, where it says so. */
      readonly spoken?: number;
    };

/** Where else the server that was asked can be asked, to see what a NAT makes of it. */
export interface Alternates {
  /** Another port of the same address; 0 when there is none. */
  readonly alternatePort: number;
  /** Another address of the family, and the port there; `UNSPECIFIED` when there is none. */
  readonly alternateAddress: Endpoint;
}

/** Decodes a reply with its transaction id; `undefined` for anything else. The bytes are views. */
export function decodeReply(
  packet: Uint8Array,
): { readonly txid: Uint8Array; readonly reply: Reply } | undefined {
  const message = openMessage(packet);
  const reply = message && DECODERS.get(message.type)?.(message.fields);
  return reply && { txid: message.txid, reply };
}

export function encodeChallenge(
  txid: Uint8Array,
  token: Uint8Array,
  observed: Endpoint,
): Uint8Array {
  return encodeMessage(MessageType.challenge, txid, (writer) => {
    writer.bytes(token);
    writeEndpoint(writer, observed);
  });
}

export function encodeRegistered(
  txid: Uint8Array,
  nameplate: number,
  observed: Endpoint,
): Uint8Array {
  return encodeMessage(MessageType.registered, txid, (writer) => {
    writer.uint32(nameplate);
    writeEndpoint(writer, observed);
  });
}

export function encodeRefreshed(txid: Uint8Array, observed: Endpoint): Uint8Array {
  return encodeMessage(MessageType.refreshed, txid, (writer) => writeEndpoint(writer, observed));
}

export function encodeClaimed(txid: Uint8Array, observed: Endpoint, hello: Uint8Array): Uint8Array {
  return encodeMessage(MessageType.claimed, txid, (writer) => {
    writeEndpoint(writer, observed);
    writer.prefixed(hello);
  });
}

export function encodeDeliver(
  txid: Uint8Array,
  claimId: Uint8Array,
  peer: Endpoint,
  body: Uint8Array,
): Uint8Array {
  return encodeMessage(MessageType.deliver, txid, (writer) => {
    writer.bytes(claimId);
    writeEndpoint(writer, peer);
    writer.prefixed(body);
  });
}

export function encodeBound(txid: Uint8Array, paired: boolean): Uint8Array {
  return encodeMessage(MessageType.bound, txid, (writer) => writer.uint8(paired ? 1 : 0));
}

export function encodeClosed(txid: Uint8Array): Uint8Array {
  return encodeMessage(MessageType.closed, txid, () => undefined);
}

export function encodeObserved(
  txid: Uint8Array,
  observed: Endpoint,
  { alternatePort, alternateAddress }: Alternates,
): Uint8Array {
  return encodeMessage(MessageType.observed, txid, (writer) => {
    writeEndpoint(writer, observed);
    writer.uint16(alternatePort);
    writeEndpoint(writer, alternateAddress);
  });
}

export function encodeError(txid: Uint8Array, refusal: Refusal): Uint8Array {
  return encodeMessage(MessageType.error, txid, (writer) => {
    writer.uint8(REFUSALS[refusal]);
    if (refusal === 'version') writer.uint8(RENDEZVOUS_VERSION);
  });
}

const DECODERS: ReadonlyMap<number, (fields: ByteReader) => Reply | undefined> = new Map([
  [MessageType.challenge, decodeChallenge],
  [MessageType.registered, decodeRegistered],
  [MessageType.refreshed, decodeRefreshed],
  [MessageType.claimed, decodeClaimed],
  [MessageType.deliver, decodeDeliver],
  [MessageType.bound, decodeBound],
  [MessageType.closed, (): Reply => ({ kind: 'closed' })],
  [MessageType.observed, decodeObserved],
  [MessageType.error, decodeError],
]);

function decodeChallenge(fields: ByteReader): Reply | undefined {
  const token = fields.bytes(ADDRESS_TOKEN_BYTES);
  const observed = readEndpoint(fields);
  return token && observed && { kind: 'challenge', token, observed };
}

function decodeRegistered(fields: ByteReader): Reply | undefined {
  const nameplate = fields.uint32();
  const observed = readEndpoint(fields);
  return nameplate === undefined || !observed
    ? undefined
    : { kind: 'registered', nameplate, observed };
}

function decodeRefreshed(fields: ByteReader): Reply | undefined {
  const observed = readEndpoint(fields);
  return observed && { kind: 'refreshed', observed };
}

function decodeClaimed(fields: ByteReader): Reply | undefined {
  const observed = readEndpoint(fields);
  const hello = fields.prefixed(MAX_HELLO_BYTES);
  return observed && hello && { kind: 'claimed', observed, hello };
}

function decodeDeliver(fields: ByteReader): Reply | undefined {
  const claimId = fields.bytes(CLAIM_ID_BYTES);
  const peer = readEndpoint(fields);
  const body = fields.prefixed(MAX_BODY_BYTES);
  return claimId && peer && body && { kind: 'deliver', claimId, peer, body };
}

function decodeBound(fields: ByteReader): Reply | undefined {
  const paired = fields.uint8();
  return paired === undefined ? undefined : { kind: 'bound', paired: paired === 1 };
}

function decodeObserved(fields: ByteReader): Reply | undefined {
  const observed = readEndpoint(fields);
  const alternatePort = fields.uint16();
  const alternateAddress = readEndpoint(fields);
  if (!observed || alternatePort === undefined || !alternateAddress) return undefined;
  return { kind: 'observed', observed, alternatePort, alternateAddress };
}

function decodeError(fields: ByteReader): Reply | undefined {
  const refusal = refusalOf(fields.uint8() ?? 0);
  if (refusal === undefined) return undefined;
  const spoken = refusal === 'version' ? fields.uint8() : undefined;
  return { kind: 'error', refusal, ...(spoken !== undefined && { spoken }) };
}
