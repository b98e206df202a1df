import { P2PShareError } from '../protocol/errors.ts';
import type { Hasher } from '../protocol/ports.ts';
import { type Basis, MIN_BLOCK_LOG, sumBytes } from '../protocol/transfer/basis.ts';
import { rollingSum } from '../protocol/transfer/block-matcher.ts';
import type { ChunkWrite } from '../protocol/transfer/chunk-writes.ts';
import type { Entries } from '../protocol/transfer/entry.ts';
import { chunkCount, MAX_CHUNK_LOG } from '../protocol/transfer/limits.ts';
import { ZEROS } from '../protocol/transfer/zeros.ts';
import type { FileRoot } from './file-root.ts';
import type { FileStat, OpenFile } from './file-system.ts';

/** Sums of one file, and of all of them: an answer may have 64 MiB. */
const MAX_FILE_SUM_BYTES = 16 * 2 ** 20;
const MAX_SUM_BYTES = 48 * 2 ** 20;

/** A file at the place of an entry. */
export interface ExistingFile {
  /** Below the target folder, with `/` between names. */
  readonly place: string;
  readonly stat: FileStat;
}

export interface OlderFilesOptions {
  readonly entries: Entries;
  readonly chunkBytes: number;
  readonly hasher: Hasher;
  /** Whether files that have changed are compared block by block. */
  readonly delta: boolean;
}

/**
 * The files that are at the places of entries already, as far as they may be of use: those of the same
 * size and time, which are probably the same, and with `delta` all others.
 */
export class OlderFiles {
  readonly #root: FileRoot;
  readonly #existing: ReadonlyMap<number, ExistingFile>;
  readonly #options: OlderFilesOptions;
  /** By index of the entry, in the order of entries. */
  readonly #bases = new Map<number, Basis>();
  /** Chunks that are in the older file where they are going to be: not written until one is not. */
  readonly #same = new Map<number, ChunkWrite[]>();
  #sumBytes = 0;
  /** Whole blocks, for one file after another. */
  readonly #buffer = new Uint8Array(2 ** MAX_CHUNK_LOG);

  private constructor(
    root: FileRoot,
    existing: ReadonlyMap<number, ExistingFile>,
    options: OlderFilesOptions,
  ) {
    this.#root = root;
    this.#existing = existing;
    this.#options = options;
  }

  /** Reads what may be of use. `existing`: by index of the entry. */
  static async read(
    root: FileRoot,
    existing: ReadonlyMap<number, ExistingFile>,
    options: OlderFilesOptions,
  ): Promise<OlderFiles> {
    const older = new OlderFiles(root, existing, options);
    for (const [index, { stat }] of existing) await older.#consider(index, stat);
    return older;
  }

  /** In the order of entries. */
  get bases(): readonly Basis[] {
    return [...this.#bases.values()];
  }

  /** The bytes of a chunk; `undefined` where they may stay where they are. Throws `P2P_INTEGRITY`. */
  async take(write: ChunkWrite): Promise<Uint8Array | undefined> {
    if (!isSamePlace(write)) return await this.assemble(write);
    if (!(await this.#isAsRead(write))) await this.assemble(write);
    const same = this.#same.get(write.entry);
    if (same === undefined) this.#same.set(write.entry, [write]);
    else same.push(write);
    return undefined;
  }

  /** Whether an entry is there as it is going to be; once all of it has been taken. */
  isUnchanged(index: number): boolean {
    const { entries, chunkBytes } = this.#options;
    const chunks = chunkCount(entries.at(index)?.size ?? 0, chunkBytes);
    return this.#same.get(index)?.length === chunks && this.#mayBeSame(index);
  }

  /** What stayed where it is of entries that have changed elsewhere, and has to be written after all. */
  *unwritten(): Generator<readonly [number, readonly ChunkWrite[]]> {
    for (const [entry, writes] of this.#same) if (!this.isUnchanged(entry)) yield [entry, writes];
  }

  /** Whether its sum is of what was read there, of a file that nobody has touched since. */
  async #isAsRead({ entry, offset, sum }: ChunkWrite): Promise<boolean> {
    const basis = this.#bases.get(entry);
    if (basis?.blockLog !== 0) return false;
    if (basis.strong[offset / this.#options.chunkBytes] !== sum) return false;
    const { place, stat } = this.#existing.get(entry) as ExistingFile;
    const now = await this.#root.files.lstat(this.#root.at(place));
    const isSame = now.dev === stat.dev && now.ino === stat.ino;
    return isSame && now.size === stat.size && now.mtimeMs === stat.mtimeMs;
  }

  /** Whether an entry is taken for unchanged, if its bytes are. */
  #mayBeSame(index: number): boolean {
    const entry = this.#options.entries.at(index);
    const stat = this.#existing.get(index)?.stat;
    if (entry?.kind !== 'file' || stat === undefined) return false;
    const apartMs = Math.abs(stat.mtimeMs - entry.mtimeMs);
    return stat.size === entry.size && apartMs < TIME_STEP_MS;
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

  async #consider(index: number, { size }: FileStat): Promise<void> {
    const { delta, chunkBytes } = this.#options;
    if (this.#mayBeSame(index)) {
      await this.#add(index, 0, size, chunkBytes);
    } else if (delta) {
      let blockLog = MIN_BLOCK_LOG;
      const bytesOf = (log: number) => Math.floor(size / 2 ** log) * sumBytes(log);
      while (blockLog < MAX_CHUNK_LOG && bytesOf(blockLog) > MAX_FILE_SUM_BYTES) blockLog += 1;
      await this.#add(index, blockLog, size, 2 ** blockLog);
    }
  }

  async #add(entry: number, blockLog: number, size: number, blockBytes: number): Promise<void> {
    const isChunks = blockLog === 0;
    const count = isChunks ? Math.ceil(size / blockBytes) : Math.floor(size / blockBytes);
    const bytes = count * sumBytes(blockLog);
    if (count === 0 || blockBytes > this.#options.chunkBytes) return;
    if (this.#sumBytes + bytes > MAX_SUM_BYTES) return;
    const weak = isChunks ? NO_SUMS : new Uint32Array(count);
    const strong = new BigUint64Array(count);
    const file = await this.#open(entry);
    try {
      for (let block = 0; block < count; ) {
        const position = block * blockBytes;
        // One more than there should be: a file that has grown is another one.
        const into = this.#buffer.subarray(0, size - position + 1);
        const length = await file.read(into, position);
        for (let at = 0; at < length && block < count; at += blockBytes, block += 1) {
          const part = into.subarray(at, Math.min(at + blockBytes, length));
          if (!isChunks) weak[block] = rollingSum(part, 0, part.length);
          strong[block] = this.#options.hasher.xxh64(part);
        }
        // It is shorter by now.
        if (length === 0) return;
      }
    } finally {
      await file.close();
    }
    this.#sumBytes += bytes;
    this.#bases.set(entry, { entry, blockLog, weak, strong });
  }

  /** Throws `P2P_INTEGRITY` when another file has taken its place. */
  async #open(entry: number): Promise<OpenFile> {
    const { place, stat } = this.#existing.get(entry) as ExistingFile;
    const file = await this.#root.files.openForReading(this.#root.at(place));
    const { dev, ino } = await file.stat();
    if (dev === stat.dev && ino === stat.ino) return file;
    await file.close();
    throw new P2PShareError('P2P_INTEGRITY', 'the older file was replaced');
  }
}

const NO_SUMS = new Uint32Array(0);
/** FAT keeps times to two seconds; what is of about the same time is compared in any case. */
const TIME_STEP_MS = 2000;

/** Whether all of a chunk is in the older file, and where it is going to be. */
function isSamePlace({ offset, length, copies }: ChunkWrite): boolean {
  const [copy, ...others] = copies;
  return others.length === 0 && copy?.length === length && copy.from === offset;
}
