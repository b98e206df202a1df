import { ByteReader } from '../wire/byte-reader.ts';
import { ByteWriter } from '../wire/byte-writer.ts';
import { crc32 } from '../wire/crc32.ts';
import {
  BASE_DATAGRAM_BYTES,
  CONNECTION_ID_BYTES,
  hasConnectionId,
  PREFIX_BYTES,
  packetLength,
  packetType,
  writePrefix,
} from '../wire/packet.ts';

/**
 * What client and server say to each other, drawn byte by byte in docs/protocol-rendezvous.md.
 * Every message begins alike:
 *
 *     0        connection id (8)     zero
 *     8        type (1)
 *     9        length (2)
 *     11       transaction id (8)    chosen by whoever asks, repeated in the answer
 *     19       checksum (4)          CRC-32 of the whole message with zeros in this place
 *
 * The checksum is no protection against anybody. But nothing authenticates these messages, and a bit
 * that flips on the way must not become a wrong code or an attempt that is spent; UDP's own checksum
 * is optional (RFC 768) and misses what is damaged inside a machine on the way.
 */
export const MessageType = {
  register: 0x10,
  refresh: 0x11,
  claim: 0x12,
  post: 0x13,
  bind: 0x14,
  close: 0x15,
  observe: 0x16,
  observed: 0x17,
  challenge: 0x18,
  registered: 0x19,
  refreshed: 0x1a,
  claimed: 0x1b,
  deliver: 0x1c,
  bound: 0x1d,
  closed: 0x1e,
  error: 0x1f,
  discover: 0x20,
  here: 0x21,
} as const;

/** The version in every request. A server answers another one with the refusal `version`. */
export const RENDEZVOUS_VERSION = 1;

export const TRANSACTION_ID_BYTES = 8;
export const ADDRESS_TOKEN_BYTES = 16;
export const CLAIM_ID_BYTES = 16;
/** Owner secret, claim secret and relay token alike. */
export const SECRET_BYTES = 16;

/** The sender's hello: version and suite lists and a nonce (security §5.3). */
export const MAX_HELLO_BYTES = 256;
/** A posted body. With every header around it a POST stays below the base datagram of 1,200 bytes. */
export const MAX_BODY_BYTES = 1000;

const CHECKSUM_OFFSET: number = PREFIX_BYTES + TRANSACTION_ID_BYTES;

/** One received message, opened: `fields` stands behind the checksum. */
export interface OpenMessage {
  readonly type: number;
  readonly txid: Uint8Array;
  readonly fields: ByteReader;
}

/** Opens one whole packet, without any reading further; `undefined` when it is no message. */
export function openMessage(packet: Uint8Array): OpenMessage | undefined {
  if (packetLength(packet, 0) !== packet.length) return undefined;
  if (!hasConnectionId(packet, 0, NO_CONNECTION_ID)) return undefined;
  const fields = new ByteReader(packet.subarray(PREFIX_BYTES));
  const txid = fields.bytes(TRANSACTION_ID_BYTES);
  const checksum = fields.uint32();
  if (txid === undefined || checksum === undefined || checksum !== checksumOf(packet)) {
    return undefined;
  }
  return { type: packetType(packet, 0), txid, fields };
}

/** Builds one message; zeros fill it up to `atLeast` bytes. */
export function encodeMessage(
  type: number,
  txid: Uint8Array,
  write: (fields: ByteWriter) => void,
  atLeast = 0,
): Uint8Array {
  const writer = new ByteWriter(BASE_DATAGRAM_BYTES);
  writer.zeros(PREFIX_BYTES);
  writer.bytes(txid);
  writer.uint32(0);
  write(writer);
  if (writer.length < atLeast) writer.zeros(atLeast - writer.length);
  const packet = writer.finish();
  writePrefix(packet, 0, NO_CONNECTION_ID, type, packet.length);
  new DataView(packet.buffer).setUint32(CHECKSUM_OFFSET, crc32(packet));
  return packet;
}

function checksumOf(packet: Uint8Array): number {
  const blank = packet.slice();
  blank.fill(0, CHECKSUM_OFFSET, CHECKSUM_OFFSET + 4);
  return crc32(blank);
}

const NO_CONNECTION_ID = new Uint8Array(CONNECTION_ID_BYTES);
