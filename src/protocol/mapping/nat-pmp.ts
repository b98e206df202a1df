import { millis } from '../time.ts';
import { ByteReader } from '../wire/byte-reader.ts';
import { ByteWriter } from '../wire/byte-writer.ts';
import type { Grant, MappingProtocol } from './mapping-protocol.ts';

const VERSION = 0;
const MAP_UDP = 1;
const IS_REPLY = 128;
const SUCCESS = 0;

/**
 * NAT-PMP (RFC 6886 §3.3) for one UDP port of ours:
 *
 *     request: version 0 (1), opcode 1 (1), zeros (2), internal port (2), wanted external port (2), seconds (4)
 *     reply:   version 0 (1), opcode 129 (1), result (2), epoch (4), internal port (2), external port (2), seconds (4)
 */
export function natPmp(internalPort: number): MappingProtocol {
  return {
    name: 'nat-pmp',
    request: ({ lifetimeS, port }) => {
      const writer = new ByteWriter();
      writer.uint8(VERSION);
      writer.uint8(MAP_UDP);
      writer.zeros(2);
      writer.uint16(internalPort);
      // §3.4: to end a mapping, no external port may be named.
      writer.uint16(lifetimeS === 0 ? 0 : port);
      writer.uint32(lifetimeS);
      return writer.finish();
    },
    reply: (datagram) => readReply(datagram, internalPort),
  };
}

function readReply(datagram: Uint8Array, ours: number): Grant | 'refused' | undefined {
  const reader = new ByteReader(datagram);
  const version = reader.uint8();
  const opcode = reader.uint8();
  const result = reader.uint16();
  reader.uint32();
  if (version !== VERSION || opcode !== IS_REPLY + MAP_UDP || result === undefined) {
    return undefined;
  }
  const internal = reader.uint16();
  const port = reader.uint16();
  const seconds = reader.uint32();
  // A refusal may be cut short; but one that names a port means that port.
  if (internal !== undefined && internal !== ours) return undefined;
  if (result !== SUCCESS) return 'refused';
  if (internal === undefined || port === undefined || seconds === undefined) return undefined;
  return { port, lifetime: millis(seconds * 1000) };
}
