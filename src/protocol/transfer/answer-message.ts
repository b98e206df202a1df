import type { ByteReader } from '../wire/byte-reader.ts';
import { ByteWriter } from '../wire/byte-writer.ts';
import { LAST_PAGE, MessageType, PAGE_BYTES, PAGE_CAPACITY } from './message-type.ts';

/** Consecutive chunks of one entry that the receiver holds already. */
export interface HaveRange {
  readonly entry: number;
  /** Index of the first chunk. */
  readonly first: number;
  /** How many chunks, at least 1. */
  readonly count: number;
}

/** One page of an acceptance. */
export interface AnswerPage {
  readonly kind: 'accept';
  readonly last: boolean;
  readonly have: readonly HaveRange[];
}

/** The pages of an acceptance; at least one, even when nothing is held. */
export function* answerPages(have: readonly HaveRange[]): Generator<Uint8Array> {
  for (let next = 0, first = true; first || next < have.length; first = false) {
    const body = new ByteWriter(PAGE_CAPACITY);
    const start = next;
    while (next < have.length && body.length < PAGE_BYTES) {
      const range = have[next] as HaveRange;
      body.varint(range.entry);
      body.varint(range.first);
      body.varint(range.count);
      next += 1;
    }
    const page = new ByteWriter(body.length + 16);
    page.uint8(MessageType.answer);
    page.uint8(0);
    page.uint8(next === have.length ? LAST_PAGE : 0);
    page.varint(next - start);
    page.bytes(body.view());
    yield page.finish();
  }
}

/** Reads what `answerPages` wrote, after the type and the verdict. */
export function readAnswerPage(reader: ByteReader): AnswerPage | undefined {
  const flags = reader.uint8();
  const count = reader.varint();
  // Three bytes at least for each range: the body bounds the count before anything is allocated.
  if (flags === undefined || count === undefined || 3 * count > reader.remaining) return undefined;
  const have: HaveRange[] = [];
  for (let i = 0; i < count; i += 1) {
    const entry = reader.varint();
    const first = reader.varint();
    const chunks = reader.varint();
    if (entry === undefined || first === undefined || chunks === undefined) return undefined;
    have.push({ entry, first, count: chunks });
  }
  return { kind: 'accept', last: (flags & LAST_PAGE) !== 0, have };
}
