import type { ByteReader } from '../../wire/byte-reader.ts';
import { ByteWriter } from '../../wire/byte-writer.ts';
import { type Basis, type BasisPart, readBasisPart, writeBasisPart } from './basis.ts';
import {
  LAST_PAGE,
  LIMITED,
  MessageType,
  PAGE_BYTES,
  PAGE_CAPACITY,
  TAKES_COMPRESSED,
  TAKES_GROUPS,
  TAKES_SHORT,
  TAKES_ZSTD,
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
  readonly have: Iterable<HaveRange>;
  /** Older files at the places of entries, at most one for each. */
  readonly bases: Iterable<Basis>;
}

export const NOTHING_HELD: Holdings = { skipped: [], have: [], bases: [] };

/** How what has to be sent is wanted. */
export interface Wishes {
  /** Bytes a second that are wanted at most. */
  readonly limit?: number | undefined;
  /** Whether chunks of a stream may be short, so that what there is comes at once. */
  readonly takesShort?: boolean;
  /** Whether what is compressed may be so by Zstandard (RFC 8878), and not only by Brotli (RFC 7932). */
  readonly takesZstd?: boolean;
}

/** One page of an acceptance. */
export interface AnswerPage extends Pick<Holdings, 'skipped'> {
  readonly kind: 'accept';
  readonly last: boolean;
  readonly have: readonly HaveRange[];
  readonly bases: readonly BasisPart[];
  /** Bytes a second that the receiver wants at most. */
  readonly limit?: number;
  /** Whether chunks may come compressed. */
  readonly takesCompressed: boolean;
  /** Whether several small files may come compressed together. */
  readonly takesGroups: boolean;
  /** Whether chunks of a stream may be short. */
  readonly takesShort: boolean;
  /** Whether what is compressed may be so by Zstandard. */
  readonly takesZstd: boolean;
}

/**
 * The pages of an acceptance; at least one, even when nothing is held. The first has the wishes,
 * and says that chunks may come compressed, and small files together.
 */
export function* answerPages(holdings: Holdings, wishes: Wishes = {}): Generator<Uint8Array> {
  const { limit } = wishes;
  const skipped = new Cursor(holdings.skipped);
  const have = new Cursor(holdings.have);
  const bases = new Cursor(holdings.bases);
  let sum = 0;
  let isLast = false;
  for (let isFirst = true; !isLast; isFirst = false) {
    const packed = packBases(bases, sum);
    sum = packed.sum;
    const parts = [
      packTuples(skipped, ({ first, count }) => [first, count]),
      packTuples(have, ({ entry, first, count }) => [entry, first, count]),
      packed,
    ];
    isLast = [skipped, have, bases].every(({ current }) => current === undefined);
    const page = new ByteWriter(parts.reduce((sum, { body }) => sum + body.length + 8, 16));
    page.uint8(MessageType.answer);
    page.uint8(0);
    const isLimited = isFirst && limit !== undefined;
    const takes = isFirst ? takenBy(wishes) : 0;
    page.uint8((isLast ? LAST_PAGE : 0) | (isLimited ? LIMITED : 0) | takes);
    for (const { count, body } of parts) {
      page.varint(count);
      page.bytes(body.view());
    }
    if (isLimited) page.varint(limit);
    yield page.finish();
  }
}

/** Flags of the first page. */
function takenBy({ takesShort = false, takesZstd = false }: Wishes): number {
  const always = TAKES_COMPRESSED | TAKES_GROUPS;
  return always | (takesShort ? TAKES_SHORT : 0) | (takesZstd ? TAKES_ZSTD : 0);
}

/** Where in a list, which may be long and is not kept, the pages are. */
class Cursor<T> {
  readonly #items: Iterator<T>;
  /** `undefined` at the end. */
  current: T | undefined;

  constructor(items: Iterable<T>) {
    this.#items = items[Symbol.iterator]();
    this.advance();
  }

  advance(): void {
    const { done, value } = this.#items.next();
    this.current = done === true ? undefined : value;
  }
}

interface PagePart {
  readonly count: number;
  readonly body: ByteWriter;
}

/** What one of the three parts of a page takes at most, but for its last element. */
const PART_BYTES = PAGE_BYTES / 2;

/** As many as have room, from the current one on: the varints of each. */
function packTuples<T>(items: Cursor<T>, fields: (item: T) => readonly number[]): PagePart {
  const body = new ByteWriter(PAGE_CAPACITY);
  let count = 0;
  for (; items.current !== undefined && body.length < PART_BYTES; count += 1) {
    for (const field of fields(items.current)) body.varint(field);
    items.advance();
  }
  return { count, body };
}

/** As many as have room, from one `sum` of the current one on; yields where the next page goes on. */
function packBases(bases: Cursor<Basis>, sum: number): PagePart & { readonly sum: number } {
  const body = new ByteWriter(PAGE_CAPACITY);
  let [count, next] = [0, sum];
  for (; bases.current !== undefined && body.length < PART_BYTES; count += 1) {
    next = writeBasisPart(body, bases.current, next, PART_BYTES);
    if (next < bases.current.strong.length) continue;
    bases.advance();
    next = 0;
  }
  return { count, body, sum: next };
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
    takesGroups: (flags & TAKES_GROUPS) !== 0,
    takesShort: (flags & TAKES_SHORT) !== 0,
    takesZstd: (flags & TAKES_ZSTD) !== 0,
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
