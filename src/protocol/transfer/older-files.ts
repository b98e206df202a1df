import type { Hasher } from '../ports.ts';
import type { BasisPart } from './basis.ts';
import { BlockMatcher, type Copy } from './block-matcher.ts';
import type { Entries } from './entry.ts';
import { chunkCount } from './limits.ts';
import { isZero, ZEROS } from './zeros.ts';

interface OlderFile {
  readonly blockLog: number;
  /** As they came, page by page: as numbers of their own they would take four times the memory. */
  readonly parts: BasisPart[];
  count: number;
  /** All of them, once they are asked about. */
  sums: BigUint64Array | undefined;
  matcher: BlockMatcher | undefined;
}

/** What a sender knows of the older files that a receiver has: which parts of chunks are in them. */
export class OlderFiles {
  readonly #entries: Entries;
  readonly #chunkBytes: number;
  readonly #hasher: Hasher;
  readonly #files = new Map<number, OlderFile>();

  constructor(entries: Entries, chunkBytes: number, hasher: Hasher) {
    this.#entries = entries;
    this.#chunkBytes = chunkBytes;
    this.#hasher = hasher;
  }

  /** Adds what a page of the answer says; false when that does not follow what was said before. */
  add(part: BasisPart): boolean {
    const { entry, blockLog, first, strong } = part;
    const offered = this.#entries.at(entry);
    const file = this.#files.get(entry) ?? emptyFile(blockLog);
    if (offered?.kind !== 'file' || strong.length === 0) return false;
    if (file.blockLog !== blockLog || file.count !== first) return false;
    const isOfChunks = blockLog === 0;
    const most = isOfChunks ? chunkCount(offered.size, this.#chunkBytes) : Number.POSITIVE_INFINITY;
    if (first + strong.length > most || 2 ** blockLog > this.#chunkBytes) return false;
    file.parts.push(part);
    file.count += strong.length;
    this.#files.set(entry, file);
    return true;
  }

  /** Whether the receiver has an older file at the place of an entry. */
  has(entry: number): boolean {
    return this.#files.has(entry);
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
    file.sums ??= strongOf(file);
    if (file.sums[chunk] !== this.#hasher.xxh64(bytes)) return [];
    return [{ start: 0, length: bytes.length, from: chunk * this.#chunkBytes }];
  }

  /** One index at a time: it takes ten times the memory of the sums. */
  #matcherOf(entry: number, file: OlderFile): BlockMatcher {
    if (file.matcher !== undefined) return file.matcher;
    for (const [other, before] of this.#files) if (other < entry) before.matcher = undefined;
    const weak = new Uint32Array(file.count);
    for (const part of file.parts) weak.set(part.weak, part.first);
    file.matcher = new BlockMatcher(2 ** file.blockLog, weak, strongOf(file), this.#hasher);
    return file.matcher;
  }
}

function emptyFile(blockLog: number): OlderFile {
  return { blockLog, parts: [], count: 0, sums: undefined, matcher: undefined };
}

function strongOf({ count, parts }: OlderFile): BigUint64Array {
  const sums = new BigUint64Array(count);
  for (const { first, strong } of parts) sums.set(strong, first);
  return sums;
}
