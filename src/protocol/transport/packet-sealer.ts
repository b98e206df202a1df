import {
  AEAD_NONCE_BYTES,
  AEAD_TAG_BYTES,
  type Aead,
  type CipherSuite,
  type Crypto,
} from '../ports.ts';
import { PacketType, PREFIX_BYTES, writePrefix } from '../wire/packet.ts';
import {
  readDataPacketNumber,
  readPacketNumber,
  type SlicePosition,
  TAG_OFFSET,
  writePacketNumber,
  writeSlicePosition,
} from './data-packet.ts';

/** A control packet: prefix, packet number (5), then sealed frames and their tag. */
export const CONTROL_HEADER_BYTES = PREFIX_BYTES + 5;
export const CONTROL_OVERHEAD_BYTES = CONTROL_HEADER_BYTES + AEAD_TAG_BYTES;
/** A sealed data packet: the header block as in a data packet, then the sealed slice. */
export const SEALED_DATA_OVERHEAD_BYTES = TAG_OFFSET + AEAD_TAG_BYTES;

/**
 * Seals and opens the packets that are protected one by one: control packets always, slices in
 * strict mode. The nonce is the packet number, which is never used twice in a direction, and the
 * header is the associated data. Both kinds share one key because they share one number space.
 */
export class PacketSealer {
  readonly #aead: Aead;
  readonly #connectionId: Uint8Array;
  readonly #nonce = new Uint8Array(AEAD_NONCE_BYTES);

  constructor(crypto: Crypto, suite: CipherSuite, key: Uint8Array, connectionId: Uint8Array) {
    this.#aead = crypto.aead(suite, key);
    this.#connectionId = connectionId;
  }

  /** A whole control packet around `frames`. */
  sealControl(packetNumber: number, frames: Uint8Array): Uint8Array {
    const packet = new Uint8Array(frames.length + CONTROL_OVERHEAD_BYTES);
    writePrefix(packet, 0, this.#connectionId, PacketType.control, packet.length);
    writePacketNumber(packet, PREFIX_BYTES, packetNumber);
    this.#seal(packet, 0, CONTROL_HEADER_BYTES, packetNumber, frames);
    return packet;
  }

  /** The number and frames of a control packet, or `undefined` when it is short or not authentic. */
  openControl(packet: Uint8Array): { packetNumber: number; frames: Uint8Array } | undefined {
    if (packet.length < CONTROL_OVERHEAD_BYTES) return undefined;
    const packetNumber = readPacketNumber(packet, PREFIX_BYTES);
    const frames = this.#open(packet, CONTROL_HEADER_BYTES, packetNumber);
    return frames === undefined ? undefined : { packetNumber, frames };
  }

  /** Writes a sealed data packet into `batch` at `at` and yields its length. */
  sealSlice(
    batch: Uint8Array,
    at: number,
    position: SlicePosition,
    packetNumber: number,
    slice: Uint8Array,
  ): number {
    const length = slice.length + SEALED_DATA_OVERHEAD_BYTES;
    writePrefix(batch, at, this.#connectionId, PacketType.sealedData, length);
    writeSlicePosition(batch, at, position, packetNumber);
    this.#seal(batch, at, TAG_OFFSET, packetNumber, slice);
    return length;
  }

  /** The slice of a sealed data packet, or `undefined` when it is short or not authentic. */
  openSlice(packet: Uint8Array): Uint8Array | undefined {
    if (packet.length < SEALED_DATA_OVERHEAD_BYTES) return undefined;
    return this.#open(packet, TAG_OFFSET, readDataPacketNumber(packet, 0));
  }

  #seal(
    batch: Uint8Array,
    at: number,
    headerBytes: number,
    packetNumber: number,
    plaintext: Uint8Array,
  ): void {
    const header = batch.subarray(at, at + headerBytes);
    let target = at + headerBytes;
    for (const piece of this.#aead.seal(this.#nonceOf(packetNumber), header, [plaintext])) {
      batch.set(piece, target);
      target += piece.length;
    }
  }

  #open(packet: Uint8Array, headerBytes: number, packetNumber: number): Uint8Array | undefined {
    const header = packet.subarray(0, headerBytes);
    return this.#aead.open(this.#nonceOf(packetNumber), header, packet.subarray(headerBytes));
  }

  #nonceOf(packetNumber: number): Uint8Array {
    writePacketNumber(this.#nonce, AEAD_NONCE_BYTES - 5, packetNumber);
    return this.#nonce;
  }
}
