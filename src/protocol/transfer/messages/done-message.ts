import type { ByteReader } from '../../wire/byte-reader.ts';
import { ByteWriter } from '../../wire/byte-writer.ts';
import type { Entries } from '../entries/entry.ts';
import { MessageType, PAGE_BYTES, PAGE_CAPACITY } from './message-type.ts';

/** What was sent of some consecutive entries: the sizes and the digests over their chunk sums. */
export interface DonePage {
  readonly kind: 'done';
  /** Index of the first entry of this page. */
  readonly first: number;
  readonly entries: readonly { readonly size: number; readonly digest: bigint }[];
}

/** The pages that end a transfer; `sizeOf`: how long a stream has been. */
export function* donePages(
  entries: Entries,
  digests: BigUint64Array,
  sizeOf: (entry: number) => number = (entry) => entries.at(entry)?.size ?? 0,
): Generator<Uint8Array> {
  for (let next = 0; next < entries.length; ) {
    const body = new ByteWriter(PAGE_CAPACITY);
    const first = next;
    while (next < entries.length && body.length < PAGE_BYTES) {
      body.varint(sizeOf(next));
      body.uint64(digests[next] as bigint);
      next += 1;
    }
    const page = new ByteWriter(body.length + 24);
    page.uint8(MessageType.done);
    page.varint(first);
    page.varint(next - first);
    page.bytes(body.view());
    yield page.finish();
  }
}

/** Reads what `donePages` wrote, after the type. */
export function readDonePage(reader: ByteReader): DonePage | undefined {
  const first = reader.varint();
  const count = reader.varint();
  // Nine bytes at least for each entry: the body bounds the count before anything is allocated.
  if (first === undefined || count === undefined || 9 * count > reader.remaining) return undefined;
  const entries: { size: number; digest: bigint }[] = [];
  for (let i = 0; i < count; i += 1) {
    const size = reader.varint();
    const digest = reader.uint64();
    if (size === undefined || digest === undefined) return undefined;
    entries.push({ size, digest });
  }
  return { kind: 'done', first, entries };
}
