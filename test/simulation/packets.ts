import { readSlicePosition } from '../../src/protocol/transport/data-packet.ts';
import { PacketType, packetType } from '../../src/protocol/wire/packet.ts';

/** Whether a datagram is one of the transport, not of probes or of the rendezvous. */
export function isTransportPacket(payload: Uint8Array): boolean {
  const type = packetType(payload, 0);
  return type === PacketType.data || type === PacketType.control || type === PacketType.sealedData;
}

export function isProbe(payload: Uint8Array): boolean {
  const type = packetType(payload, 0);
  return type === PacketType.probeRequest || type === PacketType.probeResponse;
}

/** Which slice of which record a data packet carries, or `undefined` when it is none. */
export function sliceOf(payload: Uint8Array): string | undefined {
  if (packetType(payload, 0) !== PacketType.data) return undefined;
  const position = { record: 0, recordLength: 0, offset: 0 };
  readSlicePosition(payload, 0, position);
  return `${position.record}/${position.offset}`;
}
