import type { EntryName } from './entry-name.ts';

/** One thing that is sent: what a receiver is told about it before any of its bytes. */
export interface Entry {
  readonly kind: 'file';
  /** From the top of the transfer to the entry's own name; a single file has just its base name. */
  readonly path: readonly EntryName[];
  /** In bytes, at most 2^53 - 1. */
  readonly size: number;
  /** Last modification in whole milliseconds since 1970, at least 0. */
  readonly mtimeMs: number;
  readonly executable: boolean;
}

/** What a sender offers and a person says yes or no to. */
export interface Offer {
  readonly entries: readonly Entry[];
  readonly totalBytes: number;
}
