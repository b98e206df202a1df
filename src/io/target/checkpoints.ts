import type { HeldRun } from './journal.ts';
import type { JournalFile } from './journal-file.ts';

/** What may be written before it is made durable and noted: what an interruption costs at most. */
const MAX_BYTES = 64 * 2 ** 20;
const MAX_MS = 1000;
/** How many times that writing may be ahead of the disk. */
const MAX_BEHIND = 4;
/** A slow disk is not to do this all the time: at most one part in five. */
const REST = 4;

/** Consecutive chunks that have been written. */
export interface Written {
  readonly entry: number;
  /** Of the first of them in the entry, and of all of them together, in bytes. */
  readonly offset: number;
  readonly length: number;
  readonly sums: readonly bigint[];
}

/** Makes what is written durable now and then, and notes it in the journal. */
export class Checkpoints {
  readonly #file: JournalFile;
  readonly #chunkBytes: number;
  readonly #beginSync: () => Promise<{ readonly durable: Promise<void> }>;
  readonly #maxBytes: number;
  #pending: { entry: number; first: number; sums: bigint[] }[] = [];
  #pendingBytes = 0;
  #lastAt = performance.now();
  #lastTookMs = 0;
  #running: Promise<void> | undefined;
  /** The kernel tells a failed write to the disk once: a sync after it would succeed. */
  #failure: { readonly error: unknown } | undefined;

  constructor(parts: {
    readonly file: JournalFile;
    readonly chunkBytes: number;
    /** Begins to make durable all that was written. */
    readonly beginSync: () => Promise<{ readonly durable: Promise<void> }>;
    readonly maxBytes?: number;
  }) {
    this.#file = parts.file;
    this.#chunkBytes = parts.chunkBytes;
    this.#beginSync = parts.beginSync;
    this.#maxBytes = parts.maxBytes ?? MAX_BYTES;
  }

  /** Takes note of what was written, and begins a checkpoint when it is time. */
  async note({ entry, offset, length, sums }: Written): Promise<void> {
    const first = offset / this.#chunkBytes;
    const last = this.#pending.at(-1);
    if (last?.entry === entry && last.first + last.sums.length === first) last.sums.push(...sums);
    else this.#pending.push({ entry, first, sums: [...sums] });
    this.#pendingBytes += length;
    // A disk that is slower than the network makes it wait here, not in the kernel's memory.
    const isBehind = this.#pendingBytes >= MAX_BEHIND * this.#maxBytes;
    if (isBehind) await this.#running;
    this.#requireHealth();
    if (this.#running === undefined && (isBehind || this.#isDue())) this.#begin();
  }

  /** Notes what is left. */
  async close(): Promise<void> {
    try {
      await this.#running;
      this.#requireHealth();
      if (this.#pending.length > 0) this.#begin();
      await this.#running;
      this.#requireHealth();
    } finally {
      await this.#file.close();
    }
  }

  /** What is left is not to be noted: all is durable otherwise. */
  async stop(): Promise<void> {
    await this.#running;
    await this.#file.close();
    this.#pending = [];
    this.#requireHealth();
  }

  #begin(): void {
    const startedAt = performance.now();
    const runs = this.#pending;
    this.#pending = [];
    this.#pendingBytes = 0;
    this.#lastAt = startedAt;
    this.#running = this.#make(runs)
      .catch((error: unknown) => {
        this.#failure = { error };
      })
      .finally(() => {
        this.#running = undefined;
        this.#lastTookMs = performance.now() - startedAt;
      });
  }

  async #make(runs: readonly HeldRun[]): Promise<void> {
    const { durable } = await this.#beginSync();
    await durable;
    await this.#file.append(runs);
  }

  #isDue(): boolean {
    const sinceMs = performance.now() - this.#lastAt;
    if (sinceMs < REST * this.#lastTookMs) return false;
    return this.#pendingBytes >= this.#maxBytes || sinceMs >= MAX_MS;
  }

  #requireHealth(): void {
    if (this.#failure !== undefined) throw this.#failure.error;
  }
}
