import type { EntryName } from './entry-name.ts';

/** One thing that is sent: what a receiver is told about it before any of its bytes. */
export type Entry = FileEntry | FolderEntry | LinkEntry | StreamEntry;

interface EntryCommon {
  /** From the top of the transfer to the entry's own name; a single file has just its base name. */
  readonly path: readonly EntryName[];
  /** Last modification in whole milliseconds since 1970, at least 0. */
  readonly mtimeMs: number;
  /** The nine permission bits of POSIX. */
  readonly mode: number;
}

export interface FileEntry extends EntryCommon {
  readonly kind: 'file';
  /** In bytes, at most 2^53 - 1. */
  readonly size: number;
  /** 64 bits, not 0, that are others when the file was changed: chunks go with one version. */
  readonly version: bigint;
  /** A text to be shown rather than kept; at most `MAX_TEXT_BYTES`. */
  readonly isText?: true;
}

export const MAX_TEXT_BYTES: number = 64 * 1024;

export interface FolderEntry extends EntryCommon {
  readonly kind: 'folder';
  readonly size: 0;
}

export interface LinkEntry extends EntryCommon {
  readonly kind: 'link';
  readonly size: 0;
  /** What the symbolic link says, in POSIX form: relative, and inside the tree (`isInnerLink`). */
  readonly target: string;
}

/** A file whose length nobody knows before its end: standard input. It is sent once. */
export interface StreamEntry extends EntryCommon {
  readonly kind: 'stream';
  readonly size: 0;
}

/** The entries of an offer, in its order; an array is good for a few. No index is negative. */
export interface Entries extends Iterable<Entry> {
  readonly length: number;
  at(index: number): Entry | undefined;
  entries(): Iterable<[number, Entry]>;
}

/** What a sender offers and a person says yes or no to. */
export interface Offer {
  readonly entries: Entries;
  /** Without what streams will bring. */
  readonly totalBytes: number;
  /** How many of them are not in holes of the sender's files: what a disk has to have room for. */
  readonly storedBytes: number;
}

/** Of all entries together, without what streams will bring. */
export function bytesOf(entries: Entries): number {
  let bytes = 0;
  for (const { size } of entries) bytes += size;
  return bytes;
}

/** Whether a sender may leave it out after all: what is named at the top is what was accepted. */
export function mayBeOmitted({ kind, path }: Entry): boolean {
  return kind === 'file' && path.length > 1;
}
