import type { ByteReader } from '../wire/byte-reader.ts';
import { ByteWriter } from '../wire/byte-writer.ts';
import { type Basis, type BasisPart, readBasisPart, writeBasisPart } from './basis.ts';
import {
  LAST_PAGE,
  LIMITED,
  MessageType,
  PAGE_BYTES,
  PAGE_CAPACITY,
  TAKES_COMPRESSED,
} from './message-type.ts';

/** Consecutive entries of which the receiver needs nothing. */
export interface EntryRun {
  /** Index of the first entry. */
  readonly first: number;
  /** How many entries, at least 1. */
  readonly count: number;
}

/** Consecutive chunks of one entry that the receiver holds already. */
export interface HaveRange {
  readonly entry: number;
  /** Index of the first chunk. */
  readonly first: number;
  /** How many chunks, at least 1. */
  readonly count: number;
}

/** What of an offer need not be sent, in ascending order and without overlap. */
export interface Holdings {
  readonly skipped: readonly EntryRun[];
  readonly have: readonly HaveRange[];
  /** Older files at the places of entries, at most one for each. */
  readonly bases: Iterable<Basis>;
}

export const NOTHING_HELD: Holdings = { skipped: [], have: [], bases: [] };

/** One page of an acceptance. */
export interface AnswerPage extends Omit<Holdings, 'bases'> {
  readonly kind: 'accept';
  readonly last: boolean;
  readonly bases: readonly BasisPart[];
  /** Bytes a second that the receiver wants at most. */
  readonly limit?: number;
  /** Whether chunks may come compressed. */
  readonly takesCompressed: boolean;
}

/**
 * The pages of an acceptance; at least one, even when nothing is held. The first has the `limit`, and
 * says that chunks may come compressed.
 */
export function* answerPages(holdings: Holdings, limit?: number): Generator<Uint8Array> {
  const bases = holdings.bases[Symbol.iterator]();
  const at: Position = { run: 0, range: 0, basis: nextOf(bases), sum: 0 };
  let isLast = false;
  for (let isFirst = true; !isLast; isFirst = false) {
    const parts = [packRuns(holdings, at), packRanges(holdings, at), packBases(bases, at)];
    const { skipped, have } = holdings;
    isLast = at.run === skipped.length && at.range === have.length && at.basis === undefined;
    const page = new ByteWriter(parts.reduce((sum, { body }) => sum + body.length + 8, 16));
    page.uint8(MessageType.answer);
    page.uint8(0);
    const isLimited = isFirst && limit !== undefined;
    const takes = isFirst ? TAKES_COMPRESSED : 0;
    page.uint8((isLast ? LAST_PAGE : 0) | (isLimited ? LIMITED : 0) | takes);
    for (const { count, body } of parts) {
      page.varint(count);
      page.bytes(body.view());
    }
    if (isLimited) page.varint(limit);
    yield page.finish();
  }
}

/** How far the pages have come. */
interface Position {
  run: number;
  range: number;
  basis: Basis | undefined;
  /** The next sum of that basis. */
  sum: number;
}

interface PagePart {
  readonly count: number;
  readonly body: ByteWriter;
}

/** What one of the three parts of a page takes at most, but for its last element. */
const PART_BYTES = PAGE_BYTES / 2;

function packRuns({ skipped }: Holdings, at: Position): PagePart {
  const part = packTuples(skipped, at.run, ({ first, count }) => [first, count]);
  at.run += part.count;
  return part;
}

function packRanges({ have }: Holdings, at: Position): PagePart {
  const part = packTuples(have, at.range, ({ entry, first, count }) => [entry, first, count]);
  at.range += part.count;
  return part;
}

/** As many as have room, from the one at `start` on: the varints of each. */
function packTuples<T>(
  items: readonly T[],
  start: number,
  fields: (item: T) => readonly number[],
): PagePart {
  const body = new ByteWriter(PAGE_CAPACITY);
  let next = start;
  for (; next < items.length && body.length < PART_BYTES; next += 1) {
    for (const field of fields(items[next] as T)) body.varint(field);
  }
  return { count: next - start, body };
}

function packBases(bases: Iterator<Basis>, at: Position): PagePart {
  const body = new ByteWriter(PAGE_CAPACITY);
  let count = 0;
  for (; at.basis !== undefined && body.length < PART_BYTES; count += 1) {
    at.sum = writeBasisPart(body, at.basis, at.sum, PART_BYTES);
    if (at.sum < at.basis.strong.length) continue;
    at.basis = nextOf(bases);
    at.sum = 0;
  }
  return { count, body };
}

function nextOf(bases: Iterator<Basis>): Basis | undefined {
  const { done, value } = bases.next();
  return done === true ? undefined : value;
}

/** Reads what `answerPages` wrote, after the type and the verdict. */
export function readAnswerPage(reader: ByteReader): AnswerPage | undefined {
  const flags = reader.uint8();
  const skipped = readTuples(reader, 2);
  const have = readTuples(reader, 3);
  const bases = readBases(reader);
  if (flags === undefined || skipped === undefined) return undefined;
  if (have === undefined || bases === undefined) return undefined;
  const isLimited = (flags & LIMITED) !== 0;
  const limit = isLimited ? reader.varint() : undefined;
  // Nobody can wait for a rate of nothing.
  if (isLimited && !limit) return undefined;
  return {
    ...(limit !== undefined && { limit }),
    bases,
    kind: 'accept',
    last: (flags & LAST_PAGE) !== 0,
    takesCompressed: (flags & TAKES_COMPRESSED) !== 0,
    skipped: skipped.map(([first = 0, count = 0]) => ({ first, count })),
    have: have.map(([entry = 0, first = 0, count = 0]) => ({ entry, first, count })),
  };
}

function readBases(reader: ByteReader): BasisPart[] | undefined {
  const count = reader.varint();
  // Four bytes at least for each: the body bounds the count before anything is allocated.
  if (count === undefined || 4 * count > reader.remaining) return undefined;
  const bases: BasisPart[] = [];
  for (let i = 0; i < count; i += 1) {
    const part = readBasisPart(reader);
    if (part === undefined) return undefined;
    bases.push(part);
  }
  return bases;
}

/** A count, and so many times `width` varints. */
function readTuples(reader: ByteReader, width: number): number[][] | undefined {
  const count = reader.varint();
  // A byte at least for each varint: the body bounds the count before anything is allocated.
  if (count === undefined || width * count > reader.remaining) return undefined;
  const tuples: number[][] = [];
  for (let i = 0; i < count; i += 1) {
    const tuple: number[] = [];
    for (let j = 0; j < width; j += 1) {
      const value = reader.varint();
      if (value === undefined) return undefined;
      tuple.push(value);
    }
    tuples.push(tuple);
  }
  return tuples;
}
