import type { ByteReader } from '../../wire/byte-reader.ts';
import type { ByteWriter } from '../../wire/byte-writer.ts';
import { MAX_CHUNK_LOG } from '../limits.ts';

/**
 * What a receiver says of an older file that it has at the place of an entry, so that only what is
 * new has to travel.
 */
export interface Basis {
  readonly entry: number;
  /** Blocks of `2^blockLog` bytes from the beginning on; 0: the chunks of the entry, as they are. */
  readonly blockLog: number;
  /** Rolling sums of the blocks (`rollingSum`); none for chunks. */
  readonly weak: Uint32Array;
  /** XXH64 of the blocks. */
  readonly strong: BigUint64Array;
}

/** Consecutive sums of a basis, on one page of an answer. */
export interface BasisPart {
  readonly entry: number;
  readonly blockLog: number;
  /** Index of the first of these sums. */
  readonly first: number;
  readonly weak: Uint32Array;
  readonly strong: BigUint64Array;
}

export const MIN_BLOCK_LOG = 12;
const CHUNKS = 0;

/** What one sum takes on the wire. */
export function sumBytes(blockLog: number): number {
  return blockLog === CHUNKS ? 8 : 12;
}

/** Writes sums of a basis from `first` on; yields the index behind the last one that had room. */
export function writeBasisPart(
  writer: ByteWriter,
  basis: Basis,
  first: number,
  room: number,
): number {
  const { entry, blockLog, weak, strong } = basis;
  const count = Math.min(strong.length - first, Math.floor(room / sumBytes(blockLog)));
  writer.varint(entry);
  writer.varint(blockLog);
  writer.varint(first);
  writer.varint(count);
  for (let index = first; index < first + count; index += 1) {
    if (blockLog !== CHUNKS) writer.uint32(weak[index] ?? 0);
    writer.uint64(strong[index] ?? 0n);
  }
  return first + count;
}

/** Reads what `writeBasisPart` wrote. */
export function readBasisPart(reader: ByteReader): BasisPart | undefined {
  const entry = reader.varint();
  const blockLog = reader.varint();
  const first = reader.varint();
  const count = reader.varint();
  if (entry === undefined || blockLog === undefined) return undefined;
  if (first === undefined || count === undefined) return undefined;
  const isKnown = blockLog === CHUNKS || (blockLog >= MIN_BLOCK_LOG && blockLog <= MAX_CHUNK_LOG);
  // The body bounds the count before anything is allocated.
  if (!isKnown || sumBytes(blockLog) * count > reader.remaining) return undefined;
  const weak = new Uint32Array(blockLog === CHUNKS ? 0 : count);
  const strong = new BigUint64Array(count);
  for (let i = 0; i < count; i += 1) {
    if (blockLog !== CHUNKS) weak[i] = reader.uint32() ?? 0;
    strong[i] = reader.uint64() ?? 0n;
  }
  return { entry, blockLog, first, weak, strong };
}
