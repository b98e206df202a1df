// Packets as a relay sees them: a connection id, a type, a length, and sealed bytes.
import { PacketType, writePrefix } from '../../dist/protocol/wire/packet.js';

export const PACKET_BYTES = 1200;
const PACKETS = 54;

export function connectionId(number) {
  const id = new Uint8Array(8);
  new DataView(id.buffer).setUint32(4, number);
  return id;
}

/** A full batch for the side with this connection id. */
export function batchFor(number) {
  const batch = new Uint8Array(PACKETS * PACKET_BYTES);
  for (let at = 0; at < batch.length; at += PACKET_BYTES) {
    writePrefix(batch, at, connectionId(number), PacketType.data, PACKET_BYTES);
  }
  return batch;
}
