import type { Hasher } from '../ports.ts';
import type { Copy } from './block-matcher.ts';
import { ChunkHash } from './chunk-hash.ts';
import { compressedFrame, copyFrame, dataHeader, dataRoom, zerosFrame } from './frame.ts';
import type { RecordBuilder } from './record-builder.ts';
import { ZEROS } from './zeros.ts';

/** Type, entry, chunk and sum at their longest. */
export const MAX_SUM_BYTES = 25;
/** Type and four numbers at their longest. */
const MAX_COPY_BYTES = 33;

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
  /** Frames that go before its bytes: that a stream ends in it, or that it is compressed. */
  readonly heads: Uint8Array[];
  /** What of it the receiver has in its older file, and has not been told yet; once it is looked for. */
  copies: Copy[] | undefined;
  /** What travels of it, once it is read. */
  bytes: Uint8Array | undefined;
  /** The memory that it was read into. */
  memory: Uint8Array | undefined;
  /** Over what has been cut into records so far; over all of it where it is compressed. */
  readonly hash: ChunkHash;
  isCompressed: boolean;
  /** Bytes that are in records. */
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
    heads: [],
    copies: undefined,
    bytes: undefined,
    memory: undefined,
    hash: new ChunkHash(parts.hasher),
    isCompressed: false,
    sent: 0,
  };
}

/** How many of so many bytes have to travel beside these copies. */
export function bytesBeside(copies: readonly Copy[], bytes: number): number {
  return copies.reduce((left, { length }) => left - length, bytes);
}

/** Has a chunk that has been read travel compressed, all of it, where that is shorter. */
export function compressChunk(chunk: OutgoingChunk, compressed: Uint8Array): void {
  const { entry, index, bytes, copies = [], length, heads, hash } = chunk;
  if (bytes === undefined || compressed.length >= bytesBeside(copies, length)) return;
  hash.update(bytes, true);
  chunk.copies = [];
  chunk.bytes = compressed;
  chunk.isCompressed = true;
  heads.push(compressedFrame(entry, index, compressed.length));
}

/** How many bytes of the entry those are that are in records. */
export function takenBytes({ bytes, length, sent, isCompressed }: OutgoingChunk): number {
  return isCompressed && bytes ? Math.floor((length * sent) / bytes.length) : sent;
}

/**
 * Adds what there is room for of a chunk that has been read. True once all of it is in records, and
 * there is room for its sum.
 */
export function packChunk(record: RecordBuilder, chunk: OutgoingChunk, bytes: Uint8Array): boolean {
  const { heads } = chunk;
  while (heads.length > 0) {
    if (record.room < MAX_SUM_BYTES) return false;
    record.add(heads.shift() as Uint8Array);
  }
  while (chunk.sent < bytes.length) {
    if (!packNext(record, chunk, bytes)) return false;
  }
  return record.room >= MAX_SUM_BYTES;
}

function packNext(record: RecordBuilder, chunk: OutgoingChunk, bytes: Uint8Array): boolean {
  const copy = chunk.copies?.[0];
  if (copy?.start !== chunk.sent) {
    return packData(record, chunk, bytes, copy?.start ?? bytes.length);
  }
  if (record.room < MAX_COPY_BYTES) return false;
  const { start, length, from } = copy;
  const offset = chunk.offset + start;
  const isZeros = from === ZEROS;
  if (isZeros) record.add(zerosFrame(chunk.entry, offset, length));
  else record.add(copyFrame(chunk.entry, offset, length, from));
  chunk.hash.update(bytes.subarray(start, start + length), length === chunk.length);
  chunk.copies?.shift();
  chunk.sent += length;
  return true;
}

function packData(
  record: RecordBuilder,
  chunk: OutgoingChunk,
  bytes: Uint8Array,
  end: number,
): boolean {
  const offset = chunk.offset + chunk.sent;
  const length = dataRoom(chunk.entry, offset, end - chunk.sent, record.room);
  if (length <= 0) return false;
  record.add(dataHeader(chunk.entry, offset, length));
  const piece = bytes.subarray(chunk.sent, chunk.sent + length);
  // Here, because it is read for sealing next: once into the processor's cache serves both.
  if (!chunk.isCompressed) chunk.hash.update(piece, length === chunk.length);
  record.add(piece);
  chunk.sent += length;
  return true;
}
