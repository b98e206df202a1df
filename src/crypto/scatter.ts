/** Memory in parts that is filled from its beginning to its end. */
export class Scatter {
  readonly #parts: readonly Uint8Array[];
  #index = 0;
  #filled = 0;

  constructor(parts: readonly Uint8Array[]) {
    this.#parts = parts;
  }

  /** Goes on by the length of `piece`: calls `move` with each run of it and the memory for it. */
  fill(piece: Uint8Array, move: (from: Uint8Array, into: Uint8Array) => void): void {
    for (let taken = 0; taken < piece.length; ) {
      const part = this.#parts[this.#index];
      if (part === undefined) throw new Error('unreachable: no room for what is sealed');
      const run = Math.min(piece.length - taken, part.length - this.#filled);
      move(view(piece, taken, run), view(part, this.#filled, run));
      taken += run;
      this.#filled += run;
      if (this.#filled < part.length) continue;
      this.#index += 1;
      this.#filled = 0;
    }
  }
}

/** A plain view: `subarray` of Node's Buffer, which pieces may be, is several times slower. */
function view(bytes: Uint8Array, from: number, length: number): Uint8Array {
  if (from === 0 && length === bytes.length) return bytes;
  return new Uint8Array(bytes.buffer, bytes.byteOffset + from, length);
}

/** The move that changes nothing. */
export function copy(from: Uint8Array, into: Uint8Array): void {
  into.set(from);
}
