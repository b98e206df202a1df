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
    // A plain view: `subarray` of Node's Buffer, which pieces may be, is several times slower.
    const bytes = new Uint8Array(piece.buffer, piece.byteOffset, piece.length);
    for (let taken = 0; taken < bytes.length; ) {
      const part = this.#parts[this.#index];
      if (part === undefined) throw new Error('unreachable: no room for what is sealed');
      const run = Math.min(bytes.length - taken, part.length - this.#filled);
      move(bytes.subarray(taken, taken + run), part.subarray(this.#filled, this.#filled + run));
      taken += run;
      this.#filled += run;
      if (this.#filled < part.length) continue;
      this.#index += 1;
      this.#filled = 0;
    }
  }
}

/** The move that changes nothing. */
export function copy(from: Uint8Array, into: Uint8Array): void {
  into.set(from);
}
