/** Collects the pieces of one record until its room is used up; the pieces are never copied. */
export class RecordBuilder {
  readonly pieces: Uint8Array[] = [];
  #room: number;

  constructor(maxBytes: number) {
    this.#room = maxBytes;
  }

  /** Bytes that may still be added. */
  get room(): number {
    return this.#room;
  }

  add(piece: Uint8Array): void {
    this.#room -= piece.length;
    if (this.#room < 0) throw new Error('unreachable: a record overflows');
    this.pieces.push(piece);
  }

  /** The pieces of the record, or `undefined` when there is nothing to send. */
  finish(): Uint8Array[] | undefined {
    return this.pieces.length === 0 ? undefined : this.pieces;
  }
}
