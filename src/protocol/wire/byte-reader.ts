/**
 * Reads a received message from front to back. Every method yields `undefined` when the input is
 * too short, and leaves the position where it was: no read goes past the end, none throws.
 */
export class ByteReader {
  readonly #bytes: Uint8Array;
  readonly #view: DataView;
  #offset = 0;

  constructor(bytes: Uint8Array) {
    this.#bytes = bytes;
    this.#view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  }

  get remaining(): number {
    return this.#bytes.length - this.#offset;
  }

  uint8(): number | undefined {
    return this.#has(1) ? this.#view.getUint8(this.#advance(1)) : undefined;
  }

  uint16(): number | undefined {
    return this.#has(2) ? this.#view.getUint16(this.#advance(2)) : undefined;
  }

  uint32(): number | undefined {
    return this.#has(4) ? this.#view.getUint32(this.#advance(4)) : undefined;
  }

  /** Eight bytes in network order. */
  uint64(): bigint | undefined {
    return this.#has(8) ? this.#view.getBigUint64(this.#advance(8)) : undefined;
  }

  /**
   * A variable-length integer (RFC 9000 §16). Values above 2^53 - 1 cannot be a size, an offset or
   * a count here and are refused like short input.
   */
  varint(): number | undefined {
    if (!this.#has(1)) return undefined;
    const length = 1 << (this.#view.getUint8(this.#offset) >> 6);
    if (!this.#has(length)) return undefined;
    const start = this.#advance(length);
    if (length === 1) return this.#view.getUint8(start) & 0x3f;
    if (length === 2) return this.#view.getUint16(start) & 0x3fff;
    if (length === 4) return this.#view.getUint32(start) & 0x3fffffff;
    const value =
      (this.#view.getUint32(start) & 0x3fffffff) * 2 ** 32 + this.#view.getUint32(start + 4);
    if (Number.isSafeInteger(value)) return value;
    this.#offset = start;
    return undefined;
  }

  /** The next `length` bytes as a view into the input: copy what has to outlive it. */
  bytes(length: number): Uint8Array | undefined {
    if (!this.#has(length)) return undefined;
    const start = this.#advance(length);
    return this.#bytes.subarray(start, start + length);
  }

  /** A varint length of at most `limit`, then that many bytes; nothing is allocated. */
  prefixed(limit: number): Uint8Array | undefined {
    const start = this.#offset;
    const length = this.varint();
    const bytes = length === undefined || length > limit ? undefined : this.bytes(length);
    if (bytes === undefined) this.#offset = start;
    return bytes;
  }

  /** All that is left, as a view. */
  rest(): Uint8Array {
    const start = this.#advance(this.remaining);
    return this.#bytes.subarray(start);
  }

  #has(length: number): boolean {
    return length >= 0 && this.#offset + length <= this.#bytes.length;
  }

  #advance(length: number): number {
    const start = this.#offset;
    this.#offset += length;
    return start;
  }
}
