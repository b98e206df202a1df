import { utf8 } from './utf8.ts';

/**
 * Builds a message from front to back in a buffer that grows as needed. Writing is our own doing,
 * so a value out of range is a broken invariant and throws.
 */
export class ByteWriter {
  #bytes: Uint8Array;
  #offset = 0;

  constructor(capacity = 256) {
    this.#bytes = new Uint8Array(capacity);
  }

  get length(): number {
    return this.#offset;
  }

  uint8(value: number): void {
    const start = this.#reserve(1);
    this.#bytes[start] = value;
  }

  uint16(value: number): void {
    const start = this.#reserve(2);
    this.#bytes[start] = value >>> 8;
    this.#bytes[start + 1] = value;
  }

  uint32(value: number): void {
    this.uint16(value >>> 16);
    this.uint16(value);
  }

  uint64(value: bigint): void {
    this.uint32(Number(BigInt.asUintN(32, value >> 32n)));
    this.uint32(Number(BigInt.asUintN(32, value)));
  }

  /** A variable-length integer in its shortest form (RFC 9000 §16). */
  varint(value: number): void {
    if (!Number.isSafeInteger(value) || value < 0) throw new Error(`unreachable: varint ${value}`);
    if (value < 0x40) this.uint8(value);
    else if (value < 0x4000) this.uint16(value | 0x4000);
    else if (value < 0x40000000) this.uint32((value | 0x80000000) >>> 0);
    else {
      this.uint32((Math.floor(value / 2 ** 32) | 0xc0000000) >>> 0);
      this.uint32(value % 2 ** 32);
    }
  }

  bytes(value: Uint8Array): void {
    const start = this.#reserve(value.length);
    this.#bytes.set(value, start);
  }

  /** A varint length, then the bytes. */
  prefixed(value: Uint8Array): void {
    this.varint(value.length);
    this.bytes(value);
  }

  /** A varint length, then text in UTF-8. */
  text(value: string): void {
    this.prefixed(utf8(value));
  }

  zeros(count: number): void {
    const start = this.#reserve(count);
    this.#bytes.fill(0, start, start + count);
  }

  /** What was written so far, as a view that stays valid only until the next write. */
  view(): Uint8Array {
    return this.#bytes.subarray(0, this.#offset);
  }

  /** Begins again, in the same memory. */
  clear(): void {
    this.#offset = 0;
  }

  /** What was written so far, as a copy of its own. */
  finish(): Uint8Array {
    return this.#bytes.slice(0, this.#offset);
  }

  /** May replace the buffer: so it is called before the buffer is looked at. */
  #reserve(count: number): number {
    const start = this.#offset;
    this.#offset += count;
    if (this.#offset > this.#bytes.length) this.#grow();
    return start;
  }

  #grow(): void {
    const bytes = new Uint8Array(Math.max(this.#offset, this.#bytes.length * 2));
    bytes.set(this.#bytes);
    this.#bytes = bytes;
  }
}
