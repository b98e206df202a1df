import type { Hasher } from '../../ports.ts';
import type { Entries } from '../entries/entry.ts';
import { chunkCount } from '../limits.ts';
import type { BasisPart } from '../messages/basis.ts';
import { BlockMatcher, type Copy } from './block-matcher.ts';
import { SumPool } from './sum-pool.ts';
import { isZero, ZEROS } from './zeros.ts';

interface OlderFile {
  readonly blockLog: number;
  /** Where its sums are in the pool, and how many. */
  readonly first: number;
  count: number;
  /** Rolling sums as they came, page by page; of chunks there are none. */
  readonly weak: Uint32Array[];
  matcher: BlockMatcher | undefined;
}

/** Of all that is known by its chunks alone. */
const NO_WEAK: Uint32Array[] = [];

/** What a sender knows of the older files that a receiver has: which parts of chunks are in them. */
export class OlderFiles {
  readonly #entries: Entries;
  readonly #chunkBytes: number;
  readonly #hasher: Hasher;
  readonly #files = new Map<number, OlderFile>();
  readonly #sums = new SumPool();
  /** Those that have a matcher. */
  readonly #indexed = new Map<number, OlderFile>();

  constructor(entries: Entries, chunkBytes: number, hasher: Hasher) {
    this.#entries = entries;
    this.#chunkBytes = chunkBytes;
    this.#hasher = hasher;
  }

  /** Adds what a page of the answer says; false when that does not follow what was said before. */
  add(part: BasisPart): boolean {
    const { entry, blockLog, first, weak, strong } = part;
    const offered = this.#entries.at(entry);
    const file = this.#files.get(entry) ?? this.#emptyFile(blockLog);
    if (offered?.kind !== 'file' || strong.length === 0) return false;
    if (file.blockLog !== blockLog || file.count !== first) return false;
    // Those of one file follow each other.
    if (file.first + file.count !== this.#sums.length) return false;
    const isOfChunks = blockLog === 0;
    const most = isOfChunks ? chunkCount(offered.size, this.#chunkBytes) : Number.POSITIVE_INFINITY;
    if (first + strong.length > most || 2 ** blockLog > this.#chunkBytes) return false;
    for (const sum of strong) this.#sums.push(sum);
    if (!isOfChunks) file.weak.push(weak);
    file.count += strong.length;
    this.#files.set(entry, file);
    return true;
  }

  /**
   * What of a chunk the receiver has, or can make of zeros. Chunks are asked about in order, entry by
   * entry.
   */
  match(entry: number, chunk: number, bytes: Uint8Array): Copy[] {
    if (isZero(bytes)) return [{ start: 0, length: bytes.length, from: ZEROS }];
    const file = this.#files.get(entry);
    if (file === undefined) return [];
    if (file.blockLog > 0) return this.#matcherOf(entry, file).match(bytes);
    const sum = chunk < file.count ? this.#sums.at(file.first + chunk) : undefined;
    if (sum !== this.#hasher.xxh64(bytes)) return [];
    return [{ start: 0, length: bytes.length, from: chunk * this.#chunkBytes }];
  }

  /** One index at a time: it takes ten times the memory of the sums. */
  #matcherOf(entry: number, file: OlderFile): BlockMatcher {
    if (file.matcher !== undefined) return file.matcher;
    for (const [other, before] of this.#indexed) {
      if (other >= entry) continue;
      before.matcher = undefined;
      this.#indexed.delete(other);
    }
    const weak = new Uint32Array(file.count);
    let end = 0;
    for (const part of file.weak) {
      weak.set(part, end);
      end += part.length;
    }
    const strong = this.#sums.slice(file.first, file.count);
    file.matcher = new BlockMatcher(2 ** file.blockLog, weak, strong, this.#hasher);
    this.#indexed.set(entry, file);
    return file.matcher;
  }

  #emptyFile(blockLog: number): OlderFile {
    const weak = blockLog === 0 ? NO_WEAK : [];
    return { blockLog, first: this.#sums.length, count: 0, weak, matcher: undefined };
  }
}
