import { ByteReader } from '../wire/byte-reader.ts';
import { ByteWriter } from '../wire/byte-writer.ts';
import type { Entry } from './entry.ts';
import { MAX_NAME_BYTES } from './entry-name.ts';
import { TRANSFER_LIMITS } from './limits.ts';
import { LAST_PAGE, MessageType, PAGE_BYTES, PAGE_CAPACITY } from './message-type.ts';

/** One page of an offer as it stands on the wire; names are not judged yet. */
export interface OfferPage {
  readonly kind: 'offer';
  readonly chunkLog: number;
  readonly totalEntries: number;
  readonly totalBytes: number;
  readonly last: boolean;
  readonly entries: readonly OfferedEntry[];
}

export interface OfferedEntry {
  /** A kind that we do not know keeps its number, and its other fields mean nothing. */
  readonly kind: number;
  readonly executable: boolean;
  readonly size: number;
  readonly mtimeMs: number;
  /** Components in UTF-8. */
  readonly path: readonly Uint8Array[];
}

export const ENTRY_KIND_FILE = 1;
const FLAG_EXECUTABLE = 1;

/** The pages of an offer, made one by one as they are asked for. */
export function* offerPages(
  entries: readonly Entry[],
  totalBytes: number,
  chunkLog: number,
): Generator<Uint8Array> {
  for (let next = 0; next < entries.length; ) {
    const body = new ByteWriter(PAGE_CAPACITY);
    const first = next;
    while (next < entries.length && body.length < PAGE_BYTES) {
      body.prefixed(encodeEntry(entries[next] as Entry));
      next += 1;
    }
    const page = new ByteWriter(body.length + 32);
    page.uint8(MessageType.offer);
    page.uint8(next === entries.length ? LAST_PAGE : 0);
    page.uint8(chunkLog);
    page.varint(entries.length);
    page.varint(totalBytes);
    page.varint(next - first);
    page.bytes(body.view());
    yield page.finish();
  }
}

/** Reads what `offerPages` wrote, after the type. */
export function readOfferPage(reader: ByteReader): OfferPage | undefined {
  const flags = reader.uint8();
  const chunkLog = reader.uint8();
  const totalEntries = reader.varint();
  const totalBytes = reader.varint();
  const entries = readEntries(reader);
  if (flags === undefined || chunkLog === undefined) return undefined;
  if (totalEntries === undefined || totalBytes === undefined || entries === undefined) {
    return undefined;
  }
  const last = (flags & LAST_PAGE) !== 0;
  return { kind: 'offer', chunkLog, totalEntries, totalBytes, last, entries };
}

function encodeEntry(entry: Entry): Uint8Array {
  const path = entry.path.map((component) => new TextEncoder().encode(component));
  const writer = new ByteWriter(path.reduce((sum, { length }) => sum + length + 2, 32));
  writer.uint8(ENTRY_KIND_FILE);
  writer.uint8(entry.executable ? FLAG_EXECUTABLE : 0);
  writer.varint(entry.size);
  writer.varint(entry.mtimeMs);
  writer.varint(entry.path.length);
  for (const component of path) writer.prefixed(component);
  return writer.finish();
}

function readEntries(reader: ByteReader): OfferedEntry[] | undefined {
  const count = reader.varint();
  // Every entry takes bytes, so the body bounds the count before anything is allocated.
  if (count === undefined || count > reader.remaining) return undefined;
  const entries: OfferedEntry[] = [];
  for (let i = 0; i < count; i += 1) {
    const bytes = reader.prefixed(reader.remaining);
    const entry = bytes === undefined ? undefined : readEntry(new ByteReader(bytes));
    if (entry === undefined) return undefined;
    entries.push(entry);
  }
  return entries;
}

function readEntry(reader: ByteReader): OfferedEntry | undefined {
  const kind = reader.uint8();
  if (kind === undefined) return undefined;
  if (kind !== ENTRY_KIND_FILE) return { kind, executable: false, size: 0, mtimeMs: 0, path: [] };
  const flags = reader.uint8();
  const size = reader.varint();
  const mtimeMs = reader.varint();
  const path = readPath(reader);
  if (flags === undefined || size === undefined) return undefined;
  if (mtimeMs === undefined || path === undefined) return undefined;
  return { kind, executable: (flags & FLAG_EXECUTABLE) !== 0, size, mtimeMs, path };
}

function readPath(reader: ByteReader): Uint8Array[] | undefined {
  const count = reader.varint();
  if (count === undefined || count === 0 || count > TRANSFER_LIMITS.components) return undefined;
  const path: Uint8Array[] = [];
  for (let i = 0; i < count; i += 1) {
    // Four times the limit of a name: decomposed text is judged after NFC, not here.
    const component = reader.prefixed(4 * MAX_NAME_BYTES);
    if (component === undefined) return undefined;
    path.push(component);
  }
  return path;
}
