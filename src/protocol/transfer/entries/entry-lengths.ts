import { mayBeOmitted, type Offer } from './entry.ts';

/** How long the entries of an offer turn out to be: streams, and files that are left out after all. */
export class EntryLengths {
  readonly #offer: Offer;
  readonly #chunkBytes: number;
  /** How long each stream is, as far as it is known. */
  readonly #streams = new Map<number, number>();
  /** How much comes of files that the sender leaves out. */
  readonly #omitted = new Map<number, number>();
  /** Bytes by which chunks of streams are short. */
  #missing = 0;

  constructor(offer: Offer, chunkBytes: number) {
    this.#offer = offer;
    this.#chunkBytes = chunkBytes;
    for (const [index, { kind }] of offer.entries.entries()) {
      if (kind === 'stream') this.#streams.set(index, UNKNOWN_SIZE);
    }
  }

  /** Bytes of all that comes; infinite until each stream has come to its end. */
  get total(): number {
    let total = this.#offer.totalBytes - this.#missing;
    for (const size of this.#streams.values()) total += size;
    for (const [entry, size] of this.#omitted) total += size - this.#offered(entry);
    return total;
  }

  /** Files that the sender leaves out: what has come of them is worth nothing. */
  get omitted(): number[] {
    return [...this.#omitted.keys()];
  }

  /** How long an entry is, with what its short chunks lack; a stream that has not ended is endless. */
  of(entry: number): number {
    return this.#streams.get(entry) ?? this.#omitted.get(entry) ?? this.#offered(entry);
  }

  /** A chunk lacks so many bytes; false where the entry is no stream. */
  shorten(entry: number, missing: number): boolean {
    if (!this.#streams.has(entry)) return false;
    this.#missing += missing;
    return true;
  }

  /** The receiver does not want an entry. */
  forget(entry: number): void {
    this.#streams.delete(entry);
  }

  /** A stream has come to its end, or a file to what has been read of it; false where that cannot be. */
  end(entry: number, size: number): boolean {
    if (this.#streams.get(entry) === UNKNOWN_SIZE) this.#streams.set(entry, size);
    else if (this.#mayOmit(entry, size)) this.#omitted.set(entry, size);
    else return false;
    return true;
  }

  #mayOmit(entry: number, size: number): boolean {
    const offered = this.#offer.entries.at(entry);
    if (offered === undefined || !mayBeOmitted(offered) || this.#omitted.has(entry)) return false;
    // Less than a chunk is never sent.
    return size < offered.size && size % this.#chunkBytes === 0;
  }

  #offered(entry: number): number {
    return this.#offer.entries.at(entry)?.size ?? 0;
  }
}

/** Of a stream that has not come to its end. */
const UNKNOWN_SIZE = Number.POSITIVE_INFINITY;
