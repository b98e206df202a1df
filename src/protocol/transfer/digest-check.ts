import type { ChunkAssembly } from './chunks/chunk-assembly.ts';
import { mayBeOmitted, type Offer } from './entries/entry.ts';
import type { DonePage } from './messages/done-message.ts';
import { protocolViolation, type Violation } from './violation.ts';

/** What the sender says it has sent, to be held against what has been received. */
export class DigestCheck {
  readonly #offer: Offer;
  readonly #digests: BigUint64Array;
  /** What the sender says that streams have come to, and files that it leaves out. */
  readonly #ends = new Map<number, number>();
  #known = 0;

  constructor(offer: Offer) {
    this.#offer = offer;
    this.#digests = new BigUint64Array(offer.entries.length);
  }

  /** Whether the sender has told the digest of every entry. */
  get complete(): boolean {
    return this.#known === this.#offer.entries.length;
  }

  handlePage(page: DonePage): Violation | undefined {
    const count = page.entries.length;
    if (
      page.first !== this.#known ||
      count === 0 ||
      count > this.#offer.entries.length - page.first
    ) {
      return protocolViolation('done page out of order');
    }
    for (const { size, digest } of page.entries) {
      const entry = this.#offer.entries.at(this.#known);
      const isOmitted = entry !== undefined && mayBeOmitted(entry) && size < entry.size;
      if (entry?.kind === 'stream' || isOmitted) this.#ends.set(this.#known, size);
      else if (size !== entry?.size) return protocolViolation('done with another size');
      this.#digests[this.#known] = digest;
      this.#known += 1;
    }
    return undefined;
  }

  /** Whether every entry that was put together has the digest that the sender told. */
  matches(assembly: ChunkAssembly): boolean {
    for (const [entry, size] of this.#ends) if (size !== assembly.sizeOf(entry)) return false;
    return this.#digests.every((digest, entry) => digest === assembly.digest(entry));
  }
}
