import type { ByteReader } from '../wire/byte-reader.ts';
import { ByteWriter } from '../wire/byte-writer.ts';
import { LAST_PAGE, MessageType, PAGE_BYTES, PAGE_CAPACITY } from './message-type.ts';

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
}

export const NOTHING_HELD: Holdings = { skipped: [], have: [] };

/** One page of an acceptance. */
export interface AnswerPage extends Holdings {
  readonly kind: 'accept';
  readonly last: boolean;
}

/** The pages of an acceptance; at least one, even when nothing is held. */
export function* answerPages({ skipped, have }: Holdings): Generator<Uint8Array> {
  let [nextRun, nextRange] = [0, 0];
  do {
    const runs = new ByteWriter(PAGE_CAPACITY);
    const firstRun = nextRun;
    for (; nextRun < skipped.length && runs.length < PAGE_BYTES / 2; nextRun += 1) {
      const run = skipped[nextRun] as EntryRun;
      runs.varint(run.first);
      runs.varint(run.count);
    }
    const ranges = new ByteWriter(PAGE_CAPACITY);
    const firstRange = nextRange;
    for (; nextRange < have.length && ranges.length < PAGE_BYTES / 2; nextRange += 1) {
      const range = have[nextRange] as HaveRange;
      ranges.varint(range.entry);
      ranges.varint(range.first);
      ranges.varint(range.count);
    }
    const isLast = nextRun === skipped.length && nextRange === have.length;
    const page = new ByteWriter(runs.length + ranges.length + 24);
    page.uint8(MessageType.answer);
    page.uint8(0);
    page.uint8(isLast ? LAST_PAGE : 0);
    page.varint(nextRun - firstRun);
    page.bytes(runs.view());
    page.varint(nextRange - firstRange);
    page.bytes(ranges.view());
    yield page.finish();
  } while (nextRun < skipped.length || nextRange < have.length);
}

/** Reads what `answerPages` wrote, after the type and the verdict. */
export function readAnswerPage(reader: ByteReader): AnswerPage | undefined {
  const flags = reader.uint8();
  const skipped = readTuples(reader, 2);
  const have = readTuples(reader, 3);
  if (flags === undefined || skipped === undefined || have === undefined) return undefined;
  return {
    kind: 'accept',
    last: (flags & LAST_PAGE) !== 0,
    skipped: skipped.map(([first = 0, count = 0]) => ({ first, count })),
    have: have.map(([entry = 0, first = 0, count = 0]) => ({ entry, first, count })),
  };
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
