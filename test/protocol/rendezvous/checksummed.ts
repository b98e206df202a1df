import { crc32 } from 'node:zlib';

/** The packet with the checksum that its altered bytes ask for, so that it is read at all. */
export function checksummed(packet: Uint8Array): Uint8Array {
  const sealed = packet.slice();
  if (sealed.length < 23) return sealed;
  sealed.fill(0, 19, 23);
  new DataView(sealed.buffer).setUint32(19, crc32(sealed));
  return sealed;
}
