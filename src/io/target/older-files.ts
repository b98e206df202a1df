import { P2PShareError } from '../../protocol/errors.ts';
import type { Hasher } from '../../protocol/ports.ts';
import { rollingSum } from '../../protocol/transfer/chunks/block-matcher.ts';
import type { ChunkWrite } from '../../protocol/transfer/chunks/chunk-writes.ts';
import { SumPool } from '../../protocol/transfer/chunks/sum-pool.ts';
import { ZEROS } from '../../protocol/transfer/chunks/zeros.ts';
import type { Entries, Entry } from '../../protocol/transfer/entries/entry.ts';
import { chunkCount, MAX_CHUNK_LOG } from '../../protocol/transfer/limits.ts';
import { type Basis, MIN_BLOCK_LOG, sumBytes } from '../../protocol/transfer/messages/basis.ts';
import { MAX_IN_PLACE_BYTES } from '../files/file-calls.ts';
import type { FileRoot } from '../files/file-root.ts';
import type { OpenFile } from '../files/file-system.ts';
import { type ExistingFile, type ExistingFiles, isProbablySame } from './existing-files.ts';
import { placeNames } from './target-survey.ts';

/** Sums of one file, and of all of them: an answer may have 64 MiB. */
const MAX_FILE_SUM_BYTES = 16 * 2 ** 20;
const MAX_SUM_BYTES = 48 * 2 ** 20;

export interface OlderFilesOptions {
  readonly entries: Entries;
  readonly chunkBytes: number;
  readonly hasher: Hasher;
  /** Whether files that have changed are compared block by block. */
  readonly delta: boolean;
  /** What the entry at the top is called there, if not as offered. */
  readonly topName: string | undefined;
}

/** Of a file of `size` bytes: its first `count` blocks, of which the last may be shorter. */
interface Blocks {
  readonly size: number;
  readonly blockBytes: number;
  readonly count: number;
}

/** Of chunks: as long as the entry, and their sums are in the pool from one on. */
interface OlderChunks {
  readonly first: number;
  readonly count: number;
}

/**
 * The files that are at the places of entries already, as far as they may be of use: those of the same
 * size and time, which are probably the same, and with `delta` all others.
 */
export class OlderFiles {
  readonly #root: FileRoot;
  readonly #existing: ExistingFiles;
  readonly #options: OlderFilesOptions;
  /** Those that are compared chunk by chunk. */
  readonly #chunks = new Map<number, OlderChunks>();
  readonly #chunkSums = new SumPool();
  /** Those that are compared block by block. */
  readonly #blocks: Basis[] = [];
  /** Chunks that are in the older file where they are going to be: not written until one is not. */
  readonly #same = new Map<number, ChunkWrite[]>();
  /** Entries of which all is there, and needs to be remembered no more. */
  readonly #unchanged: Uint8Array;
  #sumBytes = 0;
  /** Whole blocks, for one file after another. */
  readonly #buffer = new Uint8Array(2 ** MAX_CHUNK_LOG);

  private constructor(root: FileRoot, existing: ExistingFiles, options: OlderFilesOptions) {
    this.#root = root;
    this.#existing = existing;
    this.#options = options;
    this.#unchanged = new Uint8Array(options.entries.length);
  }

  /** Reads what may be of use. */
  static async read(
    root: FileRoot,
    existing: ExistingFiles,
    options: OlderFilesOptions,
  ): Promise<OlderFiles> {
    const older = new OlderFiles(root, existing, options);
    for (const index of existing.indices()) await older.#consider(index);
    return older;
  }

  /** What the sender is told of them. */
  get bases(): Iterable<Basis> {
    return { [Symbol.iterator]: () => this.#eachBasis() };
  }

  *#eachBasis(): Generator<Basis> {
    for (const [entry, { first, count }] of this.#chunks) {
      yield { entry, blockLog: 0, weak: NO_SUMS, strong: this.#chunkSums.slice(first, count) };
    }
    yield* this.#blocks;
  }

  /** The bytes of a chunk; `undefined` where they may stay where they are. Throws `P2P_INTEGRITY`. */
  async take(write: ChunkWrite): Promise<Uint8Array | undefined> {
    if (!isSamePlace(write)) return await this.assemble(write);
    if (!(await this.#isAsRead(write))) await this.assemble(write);
    this.#keep(write);
    return undefined;
  }

  #keep(write: ChunkWrite): void {
    const { entry } = write;
    const { entries, chunkBytes } = this.#options;
    const same = this.#same.get(entry) ?? [];
    same.push(write);
    const isAll = same.length === chunkCount(entries.at(entry)?.size ?? 0, chunkBytes);
    if (isAll && this.#mayBeSame(entry)) {
      this.#unchanged[entry] = 1;
      this.#same.delete(entry);
    } else this.#same.set(entry, same);
  }

  /** Whether an entry is there as it is going to be; once all of it has been taken. */
  isUnchanged(index: number): boolean {
    return this.#unchanged[index] === 1;
  }

  /** What stayed where it is of entries that have changed elsewhere, and has to be written after all. */
  unwritten(): Iterable<readonly [number, readonly ChunkWrite[]]> {
    return this.#same;
  }

  /** Whether its sum is of what was read there, of a file that nobody has touched since. */
  async #isAsRead({ entry, offset, sum }: ChunkWrite): Promise<boolean> {
    const chunks = this.#chunks.get(entry);
    const chunk = offset / this.#options.chunkBytes;
    if (chunks === undefined || chunk >= chunks.count) return false;
    if (this.#chunkSums.at(chunks.first + chunk) !== sum) return false;
    const before = this.#existing.get(entry) as ExistingFile;
    const now = await this.#root.files.lstat(this.#pathOf(entry));
    return isSameFile(now, before) && now.size === before.size && now.mtimeMs === before.mtimeMs;
  }

  #mayBeSame(index: number): boolean {
    return isProbablySame(this.#existing.get(index), this.#options.entries.at(index));
  }

  /** A whole chunk, of what has come and what is in the older file. Throws `P2P_INTEGRITY`. */
  async assemble(write: Omit<ChunkWrite, 'offset'>): Promise<Uint8Array> {
    const { entry, length, bytes, copies, sum } = write;
    const chunk = new Uint8Array(length);
    const isLocal = copies.every(({ from }) => from === ZEROS);
    const file = isLocal ? undefined : await this.#open(entry);
    try {
      let [at, taken] = [0, 0];
      for (const copy of [...copies].sort((a, b) => a.start - b.start)) {
        chunk.set(bytes.subarray(taken, taken + copy.start - at), at);
        taken += copy.start - at;
        at = copy.start + copy.length;
        if (copy.from !== ZEROS) await file?.read(chunk.subarray(copy.start, at), copy.from);
      }
      chunk.set(bytes.subarray(taken), at);
    } finally {
      await file?.close();
    }
    if (this.#options.hasher.xxh64(chunk) === sum) return chunk;
    throw new P2PShareError('P2P_INTEGRITY', 'a chunk of copies does not match its sum');
  }

  async #consider(index: number): Promise<void> {
    const { delta, chunkBytes } = this.#options;
    const { size } = this.#existing.get(index) as ExistingFile;
    if (this.#mayBeSame(index)) {
      await this.#addChunks(index, size);
    } else if (delta) {
      let blockLog = MIN_BLOCK_LOG;
      const bytesOf = (log: number) => Math.floor(size / 2 ** log) * sumBytes(log);
      while (blockLog < MAX_CHUNK_LOG && bytesOf(blockLog) > MAX_FILE_SUM_BYTES) blockLog += 1;
      if (2 ** blockLog <= chunkBytes) await this.#addBlocks(index, blockLog, size);
    }
  }

  async #addChunks(entry: number, size: number): Promise<void> {
    const { chunkBytes, hasher } = this.#options;
    const count = chunkCount(size, chunkBytes);
    if (!this.#hasRoom(count, count * sumBytes(0))) return;
    const first = this.#chunkSums.length;
    const add = (part: Uint8Array) => this.#chunkSums.push(hasher.xxh64(part));
    await this.#read(entry, { size, blockBytes: chunkBytes, count }, add);
    const read = this.#chunkSums.length - first;
    if (read === count) this.#chunks.set(entry, { first, count });
  }

  async #addBlocks(entry: number, blockLog: number, size: number): Promise<void> {
    const count = Math.floor(size / 2 ** blockLog);
    if (!this.#hasRoom(count, count * sumBytes(blockLog))) return;
    const weak = new Uint32Array(count);
    const strong = new BigUint64Array(count);
    let block = 0;
    await this.#read(entry, { size, blockBytes: 2 ** blockLog, count }, (part) => {
      weak[block] = rollingSum(part, 0, part.length);
      strong[block] = this.#options.hasher.xxh64(part);
      block += 1;
    });
    if (block === count) this.#blocks.push({ entry, blockLog, weak, strong });
  }

  /** Whether there are sums to be told of, and all that are told have no more bytes than they may. */
  #hasRoom(count: number, bytes: number): boolean {
    if (count === 0 || this.#sumBytes + bytes > MAX_SUM_BYTES) return false;
    this.#sumBytes += bytes;
    return true;
  }

  /**
   * Reads a file block by block; one that is shorter by now yields fewer, and a small one that has another
   * length none.
   */
  async #read(entry: number, blocks: Blocks, take: (block: Uint8Array) => void): Promise<void> {
    const { size, blockBytes, count } = blocks;
    if (size <= MAX_IN_PLACE_BYTES) return await this.#readSmall(entry, blocks, take);
    const file = await this.#open(entry);
    try {
      for (let block = 0; block < count; ) {
        const position = block * blockBytes;
        // One more than there should be: a file that has grown is another one.
        const into = this.#buffer.subarray(0, size - position + 1);
        const length = await file.read(into, position);
        for (let at = 0; at < length && block < count; at += blockBytes, block += 1) {
          take(into.subarray(at, Math.min(at + blockBytes, length)));
        }
        if (length === 0) return;
      }
    } finally {
      await file.close();
    }
  }

  async #readSmall(
    entry: number,
    { size, blockBytes, count }: Blocks,
    take: (block: Uint8Array) => void,
  ): Promise<void> {
    const bytes = this.#buffer.subarray(0, size);
    const { length, stat } = await this.#root.files.takeFile(this.#pathOf(entry), bytes);
    if (!isSameFile(stat, this.#existing.get(entry) as ExistingFile)) throw replaced();
    if (length !== size || stat.size !== size) return;
    for (let block = 0; block < count; block += 1) {
      take(bytes.subarray(block * blockBytes, Math.min((block + 1) * blockBytes, size)));
    }
  }

  /** Throws `P2P_INTEGRITY` when another file has taken its place. */
  async #open(entry: number): Promise<OpenFile> {
    const file = await this.#root.files.openForReading(this.#pathOf(entry));
    if (isSameFile(await file.stat(), this.#existing.get(entry) as ExistingFile)) return file;
    await file.close();
    throw replaced();
  }

  #pathOf(entry: number): string {
    const { entries, topName } = this.#options;
    return this.#root.at(placeNames((entries.at(entry) as Entry).path, topName).join('/'));
  }
}

const NO_SUMS = new Uint32Array(0);

function replaced(): P2PShareError {
  return new P2PShareError('P2P_INTEGRITY', 'the older file was replaced');
}

function isSameFile(one: ExistingFile, other: ExistingFile): boolean {
  return one.dev === other.dev && one.ino === other.ino;
}

/** Whether all of a chunk is in the older file, and where it is going to be. */
function isSamePlace({ offset, length, copies }: ChunkWrite): boolean {
  const [copy, ...others] = copies;
  return others.length === 0 && copy?.length === length && copy.from === offset;
}
