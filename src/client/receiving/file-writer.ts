import { decompress } from '../../io/compression/decompress.ts';
import type { FileSink } from '../../io/target/file-sink.ts';
import { P2PShareError } from '../../protocol/errors.ts';
import type { Hasher } from '../../protocol/ports.ts';
import type { ReceiverSession } from '../../protocol/session/receiver-session.ts';
import type { SessionEvent } from '../../protocol/session/session-event.ts';
import { isAllZeros } from '../../protocol/transfer/chunks/zeros.ts';
import { CHUNK_BYTES } from '../../protocol/transfer/limits.ts';
import type { SessionRun } from '../session/session-run.ts';

/** Bytes of one write: chunks that wait behind a write are written together, up to this. */
const MAX_WRITE_BYTES = 4 * 2 ** 20;

type WriteWish = Extract<SessionEvent, { kind: 'write' }>;
type GroupWish = Extract<SessionEvent, { kind: 'write-group' }>;

/** Who is told what became of the writes. */
export interface WriteListener {
  /** One or several consecutive chunks are written. */
  onWritten(entry: number, offset: number, length: number): void;
  onFailed(error: P2PShareError): void;
}

/**
 * Files that are written side by side: a file of some bytes takes five calls, which wait for each other.
 */
const MAX_FILES = 8;

/** Wishes that are kept though they are taken. */
const MAX_TAKEN = 256;

/**
 * Carries out a session's writes: neighbours together, and one at a time for each file, for parallel
 * writes to one file only wait for each other in the kernel. Where they have to be in order, those
 * that came early wait; the flow control window bounds how much that is.
 */
export class FileWriter {
  readonly #sink: FileSink;
  readonly #listener: WriteListener;
  readonly #chunkBytes: number;
  readonly #hasher: Hasher;
  /** In the order in which they came; those before `#head` are taken. */
  #waiting: WriteWish[] = [];
  #head = 0;
  /** They are decompressed one by one, when what came before has been begun. */
  readonly #groups: GroupWish[] = [];
  #isUnpacking = false;
  /** Entries that are being written. */
  readonly #busy = new Set<number>();
  #hasFailed = false;
  #entry: number | undefined;
  /** Where the next write of a sink that wants them in order begins. */
  #position = 0;

  /** `chunkBytes`: of all chunks but the last one of a file, and short ones of a stream. */
  constructor(
    sink: FileSink,
    listener: WriteListener,
    { chunkBytes, hasher }: { readonly chunkBytes: number; readonly hasher: Hasher },
  ) {
    this.#sink = sink;
    this.#listener = listener;
    this.#chunkBytes = chunkBytes;
    this.#hasher = hasher;
  }

  /** Whether something is being written. */
  get isBusy(): boolean {
    return this.#busy.size > 0 || this.#isUnpacking;
  }

  /** The entry that was written last, from 0. */
  get entry(): number | undefined {
    return this.#entry;
  }

  write(wish: WriteWish | GroupWish): void {
    if (wish.kind === 'write') this.#waiting.push(wish);
    else this.#groups.push(wish);
    this.#begin();
  }

  #begin(): void {
    const most = this.#sink.inOrder ? 1 : MAX_FILES;
    while (this.#busy.size < most && !this.#hasFailed) {
      const batch = this.#next();
      if (batch === undefined) break;
      void this.#write(batch);
    }
    if (this.#waiting.length > this.#head || this.#isUnpacking || this.#hasFailed) return;
    const group = this.#groups.shift();
    if (group !== undefined) void this.#unpack(group);
  }

  /** Makes wishes of their own of the files of a group. */
  async #unpack({ files, bytes }: GroupWish): Promise<void> {
    this.#isUnpacking = true;
    try {
      const total = files.reduce((sum, { length }) => sum + length, 0);
      const plain = await decompress(bytes, total);
      let end = 0;
      for (const { entry, length, sum } of files) {
        const bytes = this.#checked(plain.subarray(end, end + length), sum);
        const whole = { offset: 0, bytes, length, copies: [], isCompressed: false };
        this.#waiting.push({ kind: 'write', entry, sum, ...whole });
        end += length;
      }
    } catch (error) {
      this.#fail(error);
    } finally {
      this.#isUnpacking = false;
      this.#begin();
    }
  }

  async #write({ entry, offset, wishes, length }: Batch): Promise<void> {
    this.#busy.add(entry);
    this.#entry = entry;
    try {
      const [first] = wishes;
      if (isCopied(first)) await this.#sink.copy?.(first);
      else {
        const sums = wishes.map(({ sum }) => sum);
        await this.#sink.write(entry, offset, await this.#bytesOf(wishes), sums);
      }
      // Behind a chunk that is short the next one begins where it would behind a full one.
      this.#position = this.#chunkBytes * Math.ceil((offset + length) / this.#chunkBytes);
      this.#listener.onWritten(entry, offset, length);
    } catch (error) {
      this.#fail(error);
    } finally {
      this.#busy.delete(entry);
      this.#begin();
    }
  }

  #fail(error: unknown): void {
    this.#hasFailed = true;
    this.#listener.onFailed(asTargetError(error));
  }

  /** What is to be written, decompressed and checked where it came compressed. */
  async #bytesOf(wishes: readonly WriteWish[]): Promise<Uint8Array[]> {
    if (!wishes.some(({ isCompressed }) => isCompressed)) return wishes.map(plainBytes);
    return await Promise.all(
      wishes.map((wish) => (wish.isCompressed ? this.#decompress(wish) : plainBytes(wish))),
    );
  }

  async #decompress({ bytes, length, sum }: WriteWish): Promise<Uint8Array> {
    return this.#checked(await decompress(bytes, length), sum);
  }

  /** What was decompressed, if it is what its sum says. */
  #checked(plain: Uint8Array, sum: bigint): Uint8Array {
    if (this.#hasher.xxh64(plain) === sum) return plain;
    throw new P2PShareError('P2P_INTEGRITY', 'a compressed chunk does not match its sum');
  }

  /** The oldest wish that may be carried out now, and those that continue it. */
  #next(): Batch | undefined {
    const first = this.#takeFirst();
    if (first === undefined) return undefined;
    const { entry, offset } = first;
    const wishes: [WriteWish, ...WriteWish[]] = [first];
    let { length } = first;
    if (isCopied(first)) return { entry, offset, wishes, length };
    // Behind a chunk that is not full there is nothing, or not at once.
    for (let last = first; last.length === this.#chunkBytes && length < MAX_WRITE_BYTES; ) {
      const next = this.#take(
        (wish) => wish.entry === entry && wish.offset === offset + length && !isCopied(wish),
      );
      if (next === undefined) break;
      wishes.push(next);
      length += next.length;
      last = next;
    }
    return { entry, offset, wishes, length };
  }

  #takeFirst(): WriteWish | undefined {
    if (this.#sink.inOrder) return this.#take(({ offset }) => offset === this.#position);
    return this.#take(({ entry }) => !this.#busy.has(entry));
  }

  /** The oldest that is wanted; mostly it is the first or among the first. */
  #take(isWanted: (wish: WriteWish) => boolean): WriteWish | undefined {
    const waiting = this.#waiting;
    for (let index = this.#head; index < waiting.length; index += 1) {
      const wish = waiting[index] as WriteWish;
      if (!isWanted(wish)) continue;
      if (index === this.#head) this.#head += 1;
      else waiting.splice(index, 1);
      this.#tidy();
      return wish;
    }
    return undefined;
  }

  /** Lets go of what is taken, now and then: each time would move all the others. */
  #tidy(): void {
    if (this.#head < MAX_TAKEN && this.#head < this.#waiting.length) return;
    this.#waiting.splice(0, this.#head);
    this.#head = 0;
  }
}

/** One that tells a session what becomes of its writes. */
export function writerFor(
  run: SessionRun<ReceiverSession>,
  sink: FileSink,
  chunkBytes: number,
): FileWriter {
  const listener: WriteListener = {
    onWritten: (entry, offset, length) =>
      run.report((session, now) => session.handleWritten(entry, offset, length, now)),
    onFailed: (error) => run.abort(error),
  };
  return new FileWriter(sink, listener, { chunkBytes, hasher: run.hasher });
}

interface Batch {
  readonly entry: number;
  readonly offset: number;
  /** One after the other; a chunk of which parts are in the older file is alone. */
  readonly wishes: readonly [WriteWish, ...WriteWish[]];
  /** Of the bytes of all. */
  readonly length: number;
}

/** What every chunk of zeros is a part of. */
const ZERO_CHUNK = new Uint8Array(CHUNK_BYTES);

function plainBytes({ bytes, copies, length }: WriteWish): Uint8Array {
  return isAllZeros(copies, length) ? ZERO_CHUNK.subarray(0, length) : bytes;
}

/** Whether parts of it are in the older file. */
function isCopied({ copies, length }: WriteWish): boolean {
  return copies.length > 0 && !isAllZeros(copies, length);
}

export function asTargetError(error: unknown): P2PShareError {
  if (error instanceof P2PShareError) return error;
  return new P2PShareError('P2P_LOCAL_IO', String(error), { cause: error });
}
