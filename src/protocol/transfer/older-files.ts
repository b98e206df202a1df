import type { Hasher } from '../ports.ts';
import type { BasisPart } from './basis.ts';
import { BlockMatcher, type Copy } from './block-matcher.ts';
import type { Entry } from './entry.ts';
import { chunkCount } from './limits.ts';
import { isZero, ZEROS } from './zeros.ts';

interface OlderFile {
  readonly blockLog: number;
  readonly weak: number[];
  readonly strong: bigint[];
  matcher: BlockMatcher | undefined;
}

/** What a sender knows of the older files that a receiver has: which parts of chunks are in them. */
export class OlderFiles {
  readonly #entries: readonly Entry[];
  readonly #chunkBytes: number;
  readonly #hasher: Hasher;
  readonly #files = new Map<number, OlderFile>();

  constructor(entries: readonly Entry[], chunkBytes: number, hasher: Hasher) {
    this.#entries = entries;
    this.#chunkBytes = chunkBytes;
    this.#hasher = hasher;
  }

  /** Adds what a page of the answer says; false when that does not follow what was said before. */
  add({ entry, blockLog, first, weak, strong }: BasisPart): boolean {
    const file = this.#files.get(entry) ?? { blockLog, weak: [], strong: [], matcher: undefined };
    if (this.#entries[entry]?.kind !== 'file') return false;
    if (strong.length === 0 || file.blockLog !== blockLog || file.strong.length !== first) {
      return false;
    }
    const size = this.#entries[entry]?.size ?? 0;
    const most = blockLog === 0 ? chunkCount(size, this.#chunkBytes) : Number.POSITIVE_INFINITY;
    if (first + strong.length > most || 2 ** blockLog > this.#chunkBytes) return false;
    for (const sum of weak) file.weak.push(sum);
    for (const sum of strong) file.strong.push(sum);
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
    if (file.strong[chunk] !== this.#hasher.xxh64(bytes)) return [];
    return [{ start: 0, length: bytes.length, from: chunk * this.#chunkBytes }];
  }

  /** One index at a time: it takes ten times the memory of the sums. */
  #matcherOf(entry: number, file: OlderFile): BlockMatcher {
    if (file.matcher !== undefined) return file.matcher;
    for (const [other, before] of this.#files) if (other < entry) before.matcher = undefined;
    file.matcher = new BlockMatcher(
      2 ** file.blockLog,
      Uint32Array.from(file.weak),
      BigUint64Array.from(file.strong),
      this.#hasher,
    );
    return file.matcher;
  }
}
