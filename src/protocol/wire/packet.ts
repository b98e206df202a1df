/**
 * What every datagram of ours begins with, whatever it is:
 *
 *     0        connection id (8)    zero in rendezvous messages
 *     8        type (1)
 *     9        length (2)           of the whole datagram, this prefix included
 *
 * The length is there because the kernel (UDP_GRO) coalesces datagrams of one flow without telling
 * plain `dgram` where to cut; the connection id because it is what a relay and a receiver with
 * several sessions look up first.
 */
export const CONNECTION_ID_BYTES = 8;
export const TYPE_OFFSET = 8;
export const LENGTH_OFFSET = 9;
export const PREFIX_BYTES = 11;

/** Largest UDP payload used before a path has been probed for more (RFC 9000 §14, RFC 8899 §5.1.2). */
export const BASE_DATAGRAM_BYTES = 1200;

/** Most bytes and datagrams of one batch: what one GSO send takes on every kernel that has it. */
export const MAX_BATCH_BYTES = 65_000;
export const MAX_BATCH_SEGMENTS = 64;

/**
 * Packet types, one byte. 0x10 to 0x2f travel between client and server with a zero connection id
 * (see `rendezvous/message.ts`), 0x40 to 0x4f between the two peers and through a relay unchanged.
 */
export const PacketType = {
  /** A slice of a sealed record behind an authenticated header. */
  data: 0x40,
  /** Frames, sealed as one packet. */
  control: 0x41,
  /** A slice of a sealed record in a packet sealed by itself (strict mode). */
  sealedData: 0x44,
  /** A keyed connectivity check and its answer. */
  probeRequest: 0x42,
  probeResponse: 0x43,
} as const;

export type PacketType = (typeof PacketType)[keyof typeof PacketType];

/** Whether a packet of this type belongs to a session, so that a relay may copy it. */
export function isSessionType(type: number): boolean {
  return type >= 0x40 && type <= 0x4f;
}

/**
 * The length of the packet that begins at `offset`, or 0 when what stands there cannot be one:
 * fewer bytes than a prefix, or a length that is too small or reaches past the end. The rest of
 * such a batch is dropped, since nothing says where the next packet begins.
 */
export function packetLength(batch: Uint8Array, offset: number): number {
  const length = declaredLength(batch, offset) ?? 0;
  return length < PREFIX_BYTES || offset + length > batch.length ? 0 : length;
}

/** What the packet at `offset` says of its length, true or not; `undefined` before its prefix is whole. */
export function declaredLength(bytes: Uint8Array, offset: number): number | undefined {
  if (offset + PREFIX_BYTES > bytes.length) return undefined;
  return (
    ((bytes[offset + LENGTH_OFFSET] as number) << 8) | (bytes[offset + LENGTH_OFFSET + 1] as number)
  );
}

/** The type byte of the packet at `offset`; the caller has checked `packetLength`. */
export function packetType(batch: Uint8Array, offset: number): number {
  return batch[offset + TYPE_OFFSET] as number;
}

/** Writes the 11-byte prefix of a packet of `length` bytes at `offset`. */
export function writePrefix(
  packet: Uint8Array,
  offset: number,
  connectionId: Uint8Array,
  type: number,
  length: number,
): void {
  // Eight bytes by hand: a call of `set` for them costs as much as the rest of the header.
  for (let i = 0; i < CONNECTION_ID_BYTES; i += 1) packet[offset + i] = connectionId[i] as number;
  packet[offset + TYPE_OFFSET] = type;
  packet[offset + LENGTH_OFFSET] = length >> 8;
  packet[offset + LENGTH_OFFSET + 1] = length & 0xff;
}

/** Whether the packet at `offset` carries this connection id. */
export function hasConnectionId(batch: Uint8Array, offset: number, id: Uint8Array): boolean {
  for (let i = 0; i < CONNECTION_ID_BYTES; i += 1) {
    if (batch[offset + i] !== id[i]) return false;
  }
  return true;
}
