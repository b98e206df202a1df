import type { Hasher } from '../../ports.ts';
import {
  compressedFrame,
  copyFrame,
  dataHeader,
  dataRoom,
  groupHeader,
  groupRoom,
  shortFrame,
  zerosFrame,
} from '../messages/frame.ts';
import type { RecordBuilder } from '../messages/record-builder.ts';
import type { Copy } from './block-matcher.ts';
import { ChunkHash } from './chunk-hash.ts';
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

/** A read that a sender asks for. */
export interface ReadWish extends ChunkRead {
  /** Of a stream, what there is after a moment will do. */
  readonly mayBeShort: boolean;
}

/** What was read of a source. */
export interface ReadChunk extends Omit<ChunkRead, 'length'> {
  readonly bytes: Uint8Array;
}

/** Chunks that had better be compressed together before they are sent. */
export interface CompressionRun {
  readonly chunks: readonly ReadChunk[];
  /** Milliseconds until the last of them would have left as it is. */
  readonly waitMs: number;
}

/**
 * `read`: it may travel as it is; `compressing`: it is kept back, for it may become shorter; `settled`:
 * how it travels is decided.
 */
export type ChunkStage = 'reading' | 'read' | 'compressing' | 'settled';

/** A chunk between the wish to read it and the end of its last record. */
export interface OutgoingChunk extends ChunkRead {
  readonly index: number;
  stage: ChunkStage;
  /** Shorter where a stream comes to its end, and where there was no more of it for a moment. */
  length: number;
  /** Whether its stream goes on behind it though it is not full. */
  isShort: boolean;
  /** Whether it is the last of its entry that is sent; of a stream, once it is read. */
  last: boolean;
  /** Frames that go before its bytes: that a stream ends in it, that it is short, or compressed. */
  readonly heads: Uint8Array[];
  /** What of it the receiver has in its older file, and has not been told yet; once it is looked for. */
  copies: Copy[] | undefined;
  /** What travels of it, once it is read; nothing where it is part of what an earlier one stands for. */
  bytes: Uint8Array | undefined;
  /** The memory that it was read into. */
  memory: Uint8Array | undefined;
  /** Over what has been cut into records so far; over all of it where it is compressed. */
  readonly hash: ChunkHash;
  isCompressed: boolean;
  /** Among so many entries from its own on are the files that its bytes are; 0 for none but itself. */
  groupCount: number;
  /** Of entries, that its bytes stand for. */
  coveredBytes: number;
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
    stage: 'reading',
    isShort: false,
    last: parts.last,
    heads: [],
    copies: undefined,
    bytes: undefined,
    memory: undefined,
    hash: new ChunkHash(parts.hasher),
    isCompressed: false,
    groupCount: 0,
    coveredBytes: length,
    sent: 0,
  };
}

/** It has been read, and is so long: yields how many bytes fewer that are than were asked for. */
export function fillChunk(chunk: OutgoingChunk, bytes: Uint8Array): number {
  const lacking = chunk.length - bytes.length;
  chunk.bytes = bytes;
  chunk.memory = bytes;
  chunk.length = bytes.length;
  return lacking;
}

/** Whether it has been read and is not kept back. */
export function mayTravel({ stage }: OutgoingChunk): boolean {
  return stage === 'read' || stage === 'settled';
}

/** How many of so many bytes have to travel beside these copies. */
export function bytesBeside(copies: readonly Copy[], bytes: number): number {
  return copies.reduce((left, { length }) => left - length, bytes);
}

/**
 * Has chunks that have been read, one or several small files one after the other, travel compressed
 * together, where that is shorter.
 */
export function compressChunks(chunks: readonly OutgoingChunk[], compressed: Uint8Array): void {
  const [first] = chunks;
  const last = chunks.at(-1);
  const needed = chunks.reduce((sum, { copies = [], length }) => {
    return sum + bytesBeside(copies, length);
  }, 0);
  if (first === undefined || last === undefined || compressed.length >= needed) return;
  const covered = chunks.reduce((sum, { length }) => sum + length, 0);
  for (const chunk of chunks) {
    chunk.hash.update(chunk.bytes as Uint8Array, true);
    chunk.copies = [];
    chunk.isCompressed = true;
    chunk.bytes = NOTHING;
    chunk.coveredBytes = 0;
  }
  first.bytes = compressed;
  first.coveredBytes = covered;
  if (first !== last) first.groupCount = last.entry - first.entry + 1;
  else if (first.isShort) tellShort(first);
  else first.heads.push(compressedFrame(first.entry, first.index, compressed.length));
}

/** Has a chunk be told to be as short as it is, though its stream goes on, and in how many bytes it travels. */
export function tellShort(chunk: OutgoingChunk): void {
  chunk.isShort = true;
  const { entry, index, length, bytes } = chunk;
  chunk.heads.splice(0, chunk.heads.length, shortFrame(entry, index, length, bytes?.length ?? 0));
}

const NOTHING = new Uint8Array(0);

/** How many bytes of entries those are that are in records. */
export function takenBytes({ bytes, coveredBytes, sent, isCompressed }: OutgoingChunk): number {
  if (!isCompressed || sent === 0) return sent;
  return Math.floor((coveredBytes * sent) / (bytes?.length ?? sent));
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
    chunk.stage = 'settled';
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
  const length = addDataHeader(record, chunk, bytes.length, end);
  if (length <= 0) return false;
  const piece = bytes.subarray(chunk.sent, chunk.sent + length);
  // Here, because it is read for sealing next: once into the processor's cache serves both.
  if (!chunk.isCompressed) chunk.hash.update(piece, length === chunk.length);
  record.add(piece);
  chunk.sent += length;
  return true;
}

/** The header of as many bytes as there is room for, up to `end`; yields their number. */
function addDataHeader(
  record: RecordBuilder,
  { entry, groupCount, offset, sent }: OutgoingChunk,
  size: number,
  end: number,
): number {
  if (groupCount > 0) {
    const group = { entry, count: groupCount, size, offset: sent };
    const length = groupRoom(group, record.room);
    if (length > 0) record.add(groupHeader(group, length));
    return length;
  }
  const length = dataRoom(entry, offset + sent, end - sent, record.room);
  if (length > 0) record.add(dataHeader(entry, offset + sent, length));
  return length;
}
