import type { Hasher } from '../ports.ts';
import type { Copy } from './block-matcher.ts';
import { ChunkHash } from './chunk-hash.ts';

/** A part of a source that is wanted: one chunk. */
export interface ChunkRead {
  readonly entry: number;
  readonly offset: number;
  readonly length: number;
}

/** A chunk between the wish to read it and the end of its last record. */
export interface OutgoingChunk extends ChunkRead {
  readonly index: number;
  /** Shorter where a stream comes to its end. */
  length: number;
  /** Whether it is the last of its entry that is sent; of a stream, once it is read. */
  last: boolean;
  /** Whether a stream has ended in it, and that has yet to be said. */
  end: boolean;
  /** What of it the receiver has in its older file, and has not been told yet. */
  copies: Copy[];
  bytes: Uint8Array | undefined;
  /** Over what has been cut into records so far. */
  readonly hash: ChunkHash;
  sent: number;
}

/** A chunk that is going to be read. */
export function outgoingChunk(
  { entry, offset, length }: ChunkRead,
  parts: { readonly chunkBytes: number; readonly last: boolean; readonly hasher: Hasher },
): OutgoingChunk {
  return {
    entry,
    offset,
    length,
    index: offset / parts.chunkBytes,
    last: parts.last,
    end: false,
    copies: [],
    bytes: undefined,
    hash: new ChunkHash(parts.hasher),
    sent: 0,
  };
}
