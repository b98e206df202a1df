import type { ChunkWrite } from '../../protocol/transfer/chunks/chunk-writes.ts';
import type { Published } from './tree-publish.ts';

/** Where what is received goes. It has no final name before `publish`. */
export interface FileSink {
  /** Whether it takes one entry, in the order of its bytes: no offset is looked at. */
  readonly inOrder: boolean;
  /**
   * Writes consecutive whole chunks of an entry from `offset` on, each with its XXH64. Calls for
   * different entries may overlap.
   */
  write(
    entry: number,
    offset: number,
    buffers: readonly Uint8Array[],
    sums: readonly bigint[],
  ): Promise<void>;
  /** Takes a chunk of which parts are in the older file; only where the holdings told of one. */
  copy?(write: ChunkWrite): Promise<void>;
  /**
   * All is written: makes the rest of the offer and all of it durable. Nothing is written after that. What
   * has come of `omitted` entries is removed. Yields how many links were left out, because the file
   * system has no such thing.
   */
  settle(omitted: readonly number[]): Promise<number>;
  /** Gives everything its final names, after `settle`. Ends the sink. */
  publish(): Promise<Published[]>;
  /** Ends the sink and keeps what there is for another time, as far as it can be. */
  close(): Promise<void>;
  /** Ends the sink and removes what it has made, and only that. */
  discard(): Promise<void>;
}
