import type { BlockCipher } from '../ports.ts';
import { CONNECTION_ID_BYTES, MAX_BATCH_SEGMENTS, PREFIX_BYTES } from '../wire/packet.ts';

/**
 * A data packet carries one slice of a sealed record:
 *
 *      0   connection id (8)
 *      8   type (1) | length (2) | offset (2) | record length (2) | record (4) | packet number (5)
 *     24   tag (8)
 *     32   slice
 *
 * Bytes 8 to 23 are the header block. The tag is the first half of AES-128 of that block under the
 * direction's header key: a pseudo-random function on exactly one block, so nobody off the path can
 * place a packet, at 10 ns a packet when a whole batch goes through the cipher in one call. The
 * slice itself is protected by the record's AEAD (and by its own in strict mode).
 */
export const BLOCK_OFFSET = CONNECTION_ID_BYTES;
export const BLOCK_BYTES = 16;
export const HEADER_TAG_BYTES = 8;
export const TAG_OFFSET = BLOCK_OFFSET + BLOCK_BYTES;
export const DATA_HEADER_BYTES = TAG_OFFSET + HEADER_TAG_BYTES;

const OFFSET_OFFSET = PREFIX_BYTES;
const RECORD_LENGTH_OFFSET = 13;
const RECORD_OFFSET = 15;
const PACKET_NUMBER_OFFSET = 19;

/** Packet numbers have 40 bits: 1.3 PB of 1,200-byte packets. A session ends before they run out. */
export const MAX_PACKET_NUMBER = 2 ** 40 - 1;
/** Record numbers have 32 bits: 270 TB of full records. */
export const MAX_RECORD_NUMBER = 2 ** 32 - 1;

/** Where a slice belongs. One instance is reused for every packet of a batch. */
export interface SlicePosition {
  record: number;
  recordLength: number;
  offset: number;
}

/** Writes what follows the 11-byte prefix in the header block of the packet at `at`. */
export function writeSlicePosition(
  packet: Uint8Array,
  at: number,
  slice: SlicePosition,
  packetNumber: number,
): void {
  writeUint16(packet, at + OFFSET_OFFSET, slice.offset);
  writeUint16(packet, at + RECORD_LENGTH_OFFSET, slice.recordLength);
  writeUint32(packet, at + RECORD_OFFSET, slice.record);
  writePacketNumber(packet, at + PACKET_NUMBER_OFFSET, packetNumber);
}

/** Reads the position of the slice in the packet at `at` into `into`. */
export function readSlicePosition(batch: Uint8Array, at: number, into: SlicePosition): void {
  into.offset = readUint16(batch, at + OFFSET_OFFSET);
  into.recordLength = readUint16(batch, at + RECORD_LENGTH_OFFSET);
  into.record = readUint32(batch, at + RECORD_OFFSET);
}

export function readDataPacketNumber(batch: Uint8Array, at: number): number {
  return readPacketNumber(batch, at + PACKET_NUMBER_OFFSET);
}

/** Five bytes, network order. */
export function readPacketNumber(bytes: Uint8Array, at: number): number {
  return (bytes[at] as number) * 2 ** 32 + readUint32(bytes, at + 1);
}

export function writePacketNumber(bytes: Uint8Array, at: number, packetNumber: number): void {
  bytes[at] = Math.floor(packetNumber / 2 ** 32);
  writeUint32(bytes, at + 1, packetNumber >>> 0);
}

/** Signs and checks the header blocks of whole batches: one cipher call for up to 64 packets. */
export class HeaderAuthenticator {
  readonly #cipher: BlockCipher;
  readonly #blocks = new Uint8Array(MAX_BATCH_SEGMENTS * BLOCK_BYTES);

  constructor(cipher: BlockCipher) {
    this.#cipher = cipher;
  }

  /** Fills in the tags of `count` packets that begin every `stride` bytes from `start`. */
  sign(batch: Uint8Array, start: number, stride: number, count: number): void {
    for (let i = 0; i < count; i += 1) this.#gather(batch, start + i * stride, i);
    const tags = this.#cipher.encrypt(this.#blocks.subarray(0, count * BLOCK_BYTES));
    for (let i = 0; i < count; i += 1) {
      const target = start + i * stride + TAG_OFFSET;
      for (let j = 0; j < HEADER_TAG_BYTES; j += 1) {
        batch[target + j] = tags[i * BLOCK_BYTES + j] as number;
      }
    }
  }

  /** Checks the tags of the packets at the first `count` of `starts`; `valid[i]` becomes 1 or 0. */
  check(batch: Uint8Array, starts: Uint32Array, count: number, valid: Uint8Array): void {
    for (let i = 0; i < count; i += 1) this.#gather(batch, starts[i] as number, i);
    const tags = this.#cipher.encrypt(this.#blocks.subarray(0, count * BLOCK_BYTES));
    for (let i = 0; i < count; i += 1) {
      const at = (starts[i] as number) + TAG_OFFSET;
      let difference = 0;
      for (let j = 0; j < HEADER_TAG_BYTES; j += 1) {
        difference |= (batch[at + j] as number) ^ (tags[i * BLOCK_BYTES + j] as number);
      }
      valid[i] = difference === 0 ? 1 : 0;
    }
  }

  #gather(batch: Uint8Array, packet: number, index: number): void {
    const from = packet + BLOCK_OFFSET;
    const to = index * BLOCK_BYTES;
    for (let j = 0; j < BLOCK_BYTES; j += 1) this.#blocks[to + j] = batch[from + j] as number;
  }
}

function readUint16(bytes: Uint8Array, at: number): number {
  return ((bytes[at] as number) << 8) | (bytes[at + 1] as number);
}

function readUint32(bytes: Uint8Array, at: number): number {
  return ((readUint16(bytes, at) << 16) | readUint16(bytes, at + 2)) >>> 0;
}

function writeUint16(bytes: Uint8Array, at: number, value: number): void {
  bytes[at] = value >> 8;
  bytes[at + 1] = value & 0xff;
}

function writeUint32(bytes: Uint8Array, at: number, value: number): void {
  writeUint16(bytes, at, value >>> 16);
  writeUint16(bytes, at + 2, value & 0xffff);
}
