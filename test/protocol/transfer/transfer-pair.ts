import { brotliCompressSync, brotliDecompressSync, constants } from 'node:zlib';
import { expect } from 'vitest';
import type { Hasher, Random } from '../../../src/protocol/ports.ts';
import type { ChunkWrite, GroupWrite } from '../../../src/protocol/transfer/chunks/chunk-writes.ts';
import type {
  ChunkRead,
  CompressionRun,
  ReadWish,
} from '../../../src/protocol/transfer/chunks/outgoing-chunk.ts';
import { ZEROS } from '../../../src/protocol/transfer/chunks/zeros.ts';
import type { Entry, FileEntry } from '../../../src/protocol/transfer/entries/entry.ts';
import {
  type EntryName,
  parseEntryName,
} from '../../../src/protocol/transfer/entries/entry-name.ts';
import type { Holdings } from '../../../src/protocol/transfer/messages/answer-message.ts';
import type { ReceiverEvent, SenderEvent } from '../../../src/protocol/transfer/transfer-event.ts';
import { TransferReceiver } from '../../../src/protocol/transfer/transfer-receiver.ts';
import { TransferSender } from '../../../src/protocol/transfer/transfer-sender.ts';
import { StreamPieces } from './stream-pieces.ts';

/** A name that is known to be acceptable. */
export function entryName(text: string): EntryName {
  const name = parseEntryName(text);
  if (typeof name !== 'string') throw new Error(`${text}: ${name.refused}`);
  return name;
}

/** As a sender's shell does it where there is little time. */
export function compress(chunk: Uint8Array): Uint8Array {
  return brotliCompressSync(chunk, { params: { [constants.BROTLI_PARAM_QUALITY]: 1 } });
}

export function fileEntry(name: string, size: number, folder?: string): FileEntry {
  return {
    kind: 'file',
    path: [...(folder === undefined ? [] : [folder]), name].map(entryName),
    size,
    mtimeMs: 1_700_000_000_000,
    mode: 0o644,
    version: 1n,
  };
}

export function streamEntry(name: string): Entry {
  return { kind: 'stream', path: [entryName(name)], size: 0, mtimeMs: 0, mode: 0o644 };
}

/** Pieces of a record, as the plaintext that the other side opens. */
export function joined(pieces: readonly Uint8Array[]): Uint8Array {
  return new Uint8Array(Buffer.concat(pieces));
}

interface Options {
  readonly files: readonly Uint8Array[];
  readonly hasher: Hasher;
  readonly chunkBytes: number;
  readonly recordBytes: () => number;
  readonly random: Random;
  /** What the receiver has already. */
  readonly holdings?: Holdings;
  readonly readAhead?: number;
  /** Indices of the files of which nobody knows how long they are. */
  readonly streams?: readonly number[];
  /** From which offset on a file has changed, by index: then all are in a folder. */
  readonly changed?: ReadonlyMap<number, number>;
  /** What chunks are when they are compressed together, where they are to be. */
  readonly compress?: (chunks: Uint8Array) => Uint8Array | undefined;
  /** How many bytes of a stream are there at most when it is read; then the receiver wants no more. */
  readonly pieceBytes?: () => number;
  /** Older files that the receiver has, by index; the holdings tell of them. */
  readonly older?: ReadonlyMap<number, Uint8Array>;
}

/**
 * A sender and a receiver joined by two pipes that deliver every record once and in any order, with
 * disks that answer late and in any order.
 */
export class TransferPair {
  readonly sender: TransferSender;
  readonly receiver: TransferReceiver;
  readonly received: Uint8Array[];
  readonly senderEvents: SenderEvent[] = [];
  readonly receiverEvents: ReceiverEvent[] = [];
  /** Sizes of the sender's records, in order. */
  readonly records: number[] = [];
  /** What was asked of the sender's disk. */
  readonly reads: ChunkRead[] = [];
  /** Entries of the chunks that were compressed together. */
  readonly compressed: number[][] = [];
  consumed = 0;
  handedIn = 0;
  readonly #options: Options;
  readonly #toReceiver: Uint8Array[] = [];
  readonly #toSender: Uint8Array[] = [];
  readonly #reads: ReadWish[] = [];
  readonly #compressions: CompressionRun[] = [];
  readonly #writes: (ChunkWrite | GroupWrite)[] = [];
  readonly #pieces = new StreamPieces();

  constructor(options: Options) {
    const { files, hasher, chunkBytes, readAhead = 4 } = options;
    this.#options = options;
    const entries = files.map((file, index) =>
      options.streams?.includes(index)
        ? streamEntry(`file ${index}`)
        : fileEntry(`file ${index}`, file.length, options.changed && 'folder'),
    );
    const compresses = options.compress !== undefined;
    this.sender = new TransferSender({ hasher, chunkBytes, readAhead, compresses });
    this.sender.offer(entries);
    this.receiver = new TransferReceiver({ hasher });
    this.received = files.map((file) => new Uint8Array(file.length));
    for (const { entry, first, count } of options.holdings?.have ?? []) {
      const start = first * chunkBytes;
      const held = files[entry]?.subarray(start, start + count * chunkBytes);
      this.received[entry]?.set(held ?? [], start);
    }
    for (const { first, count } of options.holdings?.skipped ?? []) {
      for (let entry = first; entry < first + count; entry += 1) {
        this.received[entry]?.set(files[entry] ?? []);
      }
    }
  }

  /** Runs until neither side wants anything; fails when it takes longer than it ever should. */
  run(): void {
    const actions = [
      () => this.#fill(),
      () => this.#deliver(this.#toReceiver, (record) => this.#handToReceiver(record)),
      () => this.#deliver(this.#toSender, (record) => this.sender.handleRecord(record)),
      () => this.#read(),
      () => this.#compress(),
      () => this.#write(),
    ];
    for (let idle = 0, steps = 0; idle < 200; steps += 1) {
      const moved = actions[this.#options.random.integer(actions.length)]?.() === true;
      idle = moved ? 0 : idle + 1;
      if (steps > 1_000_000) throw new Error('the transfer does not come to rest');
      this.#drainEvents();
    }
    this.consumed += this.receiver.takeConsumed();
    this.#pieces.join(this.received);
  }

  #fill(): boolean {
    const bytes = this.#options.recordBytes();
    const record = this.sender.pollRecord(bytes);
    const answer = this.receiver.pollRecord(bytes);
    if (record !== undefined) this.#toReceiver.push(this.#checked(joined(record), bytes));
    if (answer !== undefined) this.#toSender.push(this.#checked(joined(answer), bytes));
    if (record !== undefined) this.records.push(this.#toReceiver.at(-1)?.length ?? 0);
    // What has been given back is overwritten, so a view that is still in use would be seen.
    for (let free = this.sender.pollReleased(); free; free = this.sender.pollReleased()) {
      free.fill(0xee);
    }
    return record !== undefined || answer !== undefined;
  }

  #checked(record: Uint8Array, limit: number): Uint8Array {
    expect(record.length).toBeLessThanOrEqual(limit);
    return record;
  }

  #handToReceiver(record: Uint8Array): void {
    this.handedIn += record.length;
    this.receiver.handleRecord(record);
    // The record is the receiver's, but the chunks it hands out must not be views into it.
    if (this.#options.random.integer(2) === 0) record.fill(0xdd);
    this.consumed += this.receiver.takeConsumed();
    expect(this.consumed).toBeLessThanOrEqual(this.handedIn);
  }

  #deliver(queue: Uint8Array[], hand: (record: Uint8Array) => void): boolean {
    const record = this.#pick(queue);
    if (record !== undefined) hand(record);
    return record !== undefined;
  }

  #read(): boolean {
    for (let read = this.sender.pollRead(); read; read = this.sender.pollRead()) {
      this.#reads.push(read);
      this.reads.push(read);
    }
    const read = this.#pick(this.#reads);
    if (read === undefined) return false;
    const { entry, offset } = read;
    if (offset >= (this.#options.changed?.get(entry) ?? Number.POSITIVE_INFINITY)) {
      if (!this.sender.omit(entry)) this.sender.handleReadFailed('P2P_SOURCE_CHANGED');
      return true;
    }
    this.sender.handleRead(entry, offset, this.#bytesOf(read));
    return true;
  }

  #bytesOf(wish: ReadWish): Uint8Array {
    const { entry, offset, length, mayBeShort } = wish;
    const file = this.#options.files[entry] ?? new Uint8Array(0);
    if (!mayBeShort) return file.slice(offset, offset + length);
    return this.#pieces.read(file, wish, this.#options.pieceBytes?.() ?? length);
  }

  #compress(): boolean {
    for (let run = this.#pollCompression(); run; run = this.#pollCompression()) {
      this.#compressions.push(run);
      this.compressed.push(run.chunks.map((chunk) => chunk.entry));
    }
    const run = this.#pick(this.#compressions);
    if (run === undefined) return false;
    const plain = new Uint8Array(Buffer.concat(run.chunks.map(({ bytes }) => bytes)));
    this.sender.handleCompressed(run.chunks, this.#options.compress?.(plain));
    return true;
  }

  /** On a path that is slow enough for anything. */
  #pollCompression(): CompressionRun | undefined {
    return this.sender.pollCompression(1e-3);
  }

  #write(): boolean {
    for (let write = this.receiver.pollWrite(); write; write = this.receiver.pollWrite()) {
      this.#writes.push(write);
    }
    const write = this.#pick(this.#writes);
    if (write === undefined) return false;
    if ('files' in write) this.#writeGroup(write);
    else {
      const bytes = this.#assembled(write);
      if (this.#pieces.has(write.entry)) this.#pieces.write(write.entry, write.offset, bytes);
      else this.received[write.entry]?.set(bytes, write.offset);
      this.receiver.handleWritten(write.entry, write.offset, write.length);
    }
    return true;
  }

  #writeGroup({ files, bytes }: GroupWrite): void {
    const plain = brotliDecompressSync(bytes);
    let end = 0;
    const parts = files.map(({ entry, length }) => {
      end += length;
      return { entry, length, part: plain.subarray(end - length, end) };
    });
    while (parts.length > 0) {
      const { entry, length, part } = this.#pick(parts) as (typeof parts)[number];
      this.received[entry]?.set(part);
      this.receiver.handleWritten(entry, 0, length);
    }
    expect(end).toBe(plain.length);
  }

  /** A chunk of which parts are in the older file, as a sink puts it together. */
  #assembled({ entry, bytes, length, copies, isCompressed }: ChunkWrite): Uint8Array {
    if (isCompressed) return brotliDecompressSync(bytes);
    if (copies.length === 0) return bytes;
    const chunk = new Uint8Array(length);
    const older = this.#options.older?.get(entry) ?? new Uint8Array(0);
    let [at, taken] = [0, 0];
    for (const copy of [...copies].sort((a, b) => a.start - b.start)) {
      chunk.set(bytes.subarray(taken, taken + copy.start - at), at);
      taken += copy.start - at;
      const from = Math.max(copy.from, 0);
      if (copy.from !== ZEROS) chunk.set(older.subarray(from, from + copy.length), copy.start);
      at = copy.start + copy.length;
    }
    chunk.set(bytes.subarray(taken), at);
    return chunk;
  }

  #pick<T>(queue: T[]): T | undefined {
    if (queue.length === 0) return undefined;
    return queue.splice(this.#options.random.integer(queue.length), 1)[0];
  }

  #drainEvents(): void {
    for (let event = this.sender.pollEvent(); event; event = this.sender.pollEvent()) {
      this.senderEvents.push(event);
    }
    for (let event = this.receiver.pollEvent(); event; event = this.receiver.pollEvent()) {
      this.receiverEvents.push(event);
      const takesShort = this.#options.pieceBytes !== undefined;
      if (event.kind === 'offer') this.receiver.accept(this.#options.holdings, { takesShort });
      if (event.kind === 'complete') this.receiver.handlePublished();
    }
  }
}
