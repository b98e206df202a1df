import type { Entries, Entry } from '../entries/entry.ts';
import type { SenderHoldings } from './sender-holdings.ts';

/** Where in the entries of an offer the next chunk is that the receiver needs. */
export class ChunkCursor {
  readonly #entries: Entries;
  readonly #chunkBytes: number;
  readonly #holdings: SenderHoldings;
  readonly #sizeOf: (entry: number) => number;
  #entry = 0;
  #offset = 0;
  #heldBytes = 0;

  constructor(parts: {
    readonly entries: Entries;
    readonly chunkBytes: number;
    readonly holdings: SenderHoldings;
    /** How long an entry is by now. */
    readonly sizeOf: (entry: number) => number;
  }) {
    this.#entries = parts.entries;
    this.#chunkBytes = parts.chunkBytes;
    this.#holdings = parts.holdings;
    this.#sizeOf = parts.sizeOf;
  }

  /** Its entry; `undefined` behind the last one. */
  get at(): Entry | undefined {
    return this.#entries.at(this.#entry);
  }

  get entry(): number {
    return this.#entry;
  }

  get offset(): number {
    return this.#offset;
  }

  /** Bytes before it that do not travel, because the receiver has them. */
  get heldBytes(): number {
    return this.#heldBytes;
  }

  /** Moves on to the next chunk that is needed, from here or from a later offset of the entry on. */
  seek(offset: number = this.#offset): void {
    this.#offset = offset;
    for (let entry = this.at; entry !== undefined; entry = this.at) {
      const size = this.#sizeOf(this.#entry);
      if (this.#offset >= size || this.#holdings.isSkipped(this.#entry)) {
        this.#heldBytes += Math.max(0, entry.size - this.#offset);
        this.#next();
        continue;
      }
      const held = this.#holdings.heldFrom(this.#entry, this.#offset / this.#chunkBytes);
      if (held === 0) return;
      const from = this.#offset;
      this.#offset = Math.min(size, from + held * this.#chunkBytes);
      this.#heldBytes += this.#offset - from;
    }
  }

  /** Leaves out what there is still of its entry. */
  leave(): void {
    this.#next();
    this.seek();
  }

  #next(): void {
    this.#entry += 1;
    this.#offset = 0;
  }
}
