import type { ReadWish } from '../../../src/protocol/transfer/chunks/outgoing-chunk.ts';

/** Streams of which there are only some bytes whenever they are read. */
export class StreamPieces {
  /** What has been read of each. */
  readonly #positions = new Map<number, number>();
  /** What has been written of all. */
  readonly #pieces: { entry: number; offset: number; bytes: Uint8Array }[] = [];

  read(stream: Uint8Array, { entry, length }: ReadWish, most: number): Uint8Array {
    const start = this.#positions.get(entry) ?? 0;
    const end = start + Math.min(length, most);
    this.#positions.set(entry, end);
    return stream.slice(start, end);
  }

  has(entry: number): boolean {
    return this.#positions.has(entry);
  }

  write(entry: number, offset: number, bytes: Uint8Array): void {
    this.#pieces.push({ entry, offset, bytes: bytes.slice() });
  }

  /** Puts the pieces of each stream side by side, in the order of their offsets. */
  join(into: readonly Uint8Array[]): void {
    const ends = new Map<number, number>();
    for (const { entry, bytes } of this.#pieces.sort((a, b) => a.offset - b.offset)) {
      const start = ends.get(entry) ?? 0;
      into[entry]?.set(bytes, start);
      ends.set(entry, start + bytes.length);
    }
  }
}
