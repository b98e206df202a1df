import { millis } from '../time.ts';
import { ByteReader } from '../wire/byte-reader.ts';
import { ByteWriter } from '../wire/byte-writer.ts';
import { sameBytes } from '../wire/bytes.ts';
import { addressBytes } from '../wire/endpoint.ts';
import { type Grant, type MappingProtocol, PROTOCOL_UDP } from './mapping-protocol.ts';

const VERSION = 2;
const MAP = 1;
const IS_REPLY = 0x80;
const SUCCESS = 0;
export const PCP_NONCE_BYTES = 12;

/**
 * PCP's MAP (RFC 6887 §7, §11.1) for one UDP port of ours:
 *
 *     request: version 2 (1), opcode 1 (1), zeros (2), seconds (4), our address (16)
 *     reply:   version 2 (1), opcode 129 (1), zero (1), result (1), seconds (4), epoch (4), zeros (12)
 *     both:    nonce (12), protocol 17 (1), zeros (3), internal port (2), external port (2), external address (16)
 *
 * `nonce`: 12 random bytes, the same for every request about this mapping; `address`: ours, numeric,
 * by which the gateway is reached.
 */
export function pcp(internalPort: number, address: string, nonce: Uint8Array): MappingProtocol {
  return {
    name: 'pcp',
    request: ({ lifetimeS, port }) => {
      const writer = new ByteWriter();
      writer.uint8(VERSION);
      writer.uint8(MAP);
      writer.zeros(2);
      writer.uint32(lifetimeS);
      writeAddress(writer, address);
      writer.bytes(nonce);
      writer.uint8(PROTOCOL_UDP);
      writer.zeros(3);
      writer.uint16(internalPort);
      writer.uint16(port);
      writeAddress(writer, ANY);
      return writer.finish();
    },
    reply: (datagram) => readReply(datagram, internalPort, nonce),
  };
}

/** Any address will do (§11.1), as long as it is of IPv4. */
const ANY = '0.0.0.0';

function writeAddress(writer: ByteWriter, address: string): void {
  const bytes = addressBytes(address);
  if (bytes.length === 4) {
    writer.zeros(10);
    writer.uint16(0xffff);
  }
  writer.bytes(bytes);
}

function readReply(
  datagram: Uint8Array,
  ours: number,
  nonce: Uint8Array,
): Grant | 'refused' | undefined {
  const reader = new ByteReader(datagram);
  const version = reader.uint8();
  const opcode = reader.uint8();
  reader.uint8();
  const result = reader.uint8();
  const seconds = reader.uint32();
  reader.bytes(16);
  if (version !== VERSION || opcode !== (IS_REPLY | MAP) || result === undefined) return undefined;
  // §11.2: a refusal too repeats what was asked, so nobody who cannot see it can refuse.
  const named = reader.bytes(PCP_NONCE_BYTES);
  const protocol = reader.uint8();
  reader.bytes(3);
  const internal = reader.uint16();
  const port = reader.uint16();
  if (named === undefined || !sameBytes(named, nonce) || protocol !== PROTOCOL_UDP)
    return undefined;
  if (seconds === undefined || internal !== ours || port === undefined) return undefined;
  return result === SUCCESS ? { port, lifetime: millis(seconds * 1000) } : 'refused';
}
