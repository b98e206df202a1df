import { ByteReader } from '../../wire/byte-reader.ts';
import { ByteWriter } from '../../wire/byte-writer.ts';
import type { Entries, Entry } from '../entries/entry.ts';
import { MAX_NAME_BYTES } from '../entries/entry-name.ts';
import { MAX_TARGET_BYTES } from '../entries/link-target.ts';
import { TRANSFER_LIMITS } from '../limits.ts';
import { LAST_PAGE, MessageType, PAGE_BYTES, PAGE_CAPACITY } from './message-type.ts';

/** One page of an offer as it stands on the wire; names are not judged yet. */
export interface OfferPage {
  readonly kind: 'offer';
  readonly chunkLog: number;
  readonly totalEntries: number;
  readonly totalBytes: number;
  readonly storedBytes: number;
  readonly last: boolean;
  readonly entries: readonly OfferedEntry[];
}

export type OfferedEntry =
  | (OfferedPlace & {
      readonly kind: 'file' | 'text';
      readonly size: number;
      readonly version: bigint;
    })
  | (OfferedPlace & { readonly kind: 'folder' | 'stream' })
  | (OfferedPlace & { readonly kind: 'link'; readonly target: Uint8Array })
  /** A kind that we do not know. */
  | { readonly kind: number };

interface OfferedPlace {
  readonly mode: number;
  readonly mtimeMs: number;
  /** Components in UTF-8. */
  readonly path: readonly Uint8Array[];
}

/** The first byte of an entry. */
export const EntryKind = { file: 1, folder: 2, link: 3, stream: 4, text: 5 } as const;

/**
 * The pages of an offer, made one by one as they are asked for; `storedBytes`: of the files, those that
 * are not in holes.
 */
export function* offerPages(
  entries: Entries,
  totalBytes: number,
  chunkLog: number,
  storedBytes: number = totalBytes,
): Generator<Uint8Array> {
  const entry = new ByteWriter();
  for (let next = 0; next < entries.length; ) {
    const body = new ByteWriter(PAGE_CAPACITY);
    const first = next;
    while (next < entries.length && body.length < PAGE_BYTES) {
      entry.clear();
      writeEntry(entry, entries.at(next) as Entry);
      body.prefixed(entry.view());
      next += 1;
    }
    const page = new ByteWriter(body.length + 32);
    page.uint8(MessageType.offer);
    page.uint8(next === entries.length ? LAST_PAGE : 0);
    page.uint8(chunkLog);
    page.varint(entries.length);
    page.varint(totalBytes);
    page.varint(storedBytes);
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
  const storedBytes = reader.varint();
  const entries = readEntries(reader);
  if (flags === undefined || chunkLog === undefined) return undefined;
  if (totalEntries === undefined || totalBytes === undefined) return undefined;
  if (storedBytes === undefined || entries === undefined) return undefined;
  const last = (flags & LAST_PAGE) !== 0;
  return { kind: 'offer', chunkLog, totalEntries, totalBytes, storedBytes, last, entries };
}

function writeEntry(writer: ByteWriter, entry: Entry): void {
  const isText = entry.kind === 'file' && entry.isText === true;
  writer.uint8(EntryKind[isText ? 'text' : entry.kind]);
  writer.varint(entry.mode);
  writer.varint(entry.mtimeMs);
  writer.varint(entry.path.length);
  for (const component of entry.path) writer.text(component);
  if (entry.kind === 'file') {
    writer.varint(entry.size);
    writer.uint64(entry.version);
  } else if (entry.kind === 'link') writer.text(entry.target);
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
  switch (kind) {
    case undefined:
      return undefined;
    case EntryKind.file:
    case EntryKind.text:
      return readFile(reader, kind === EntryKind.text ? 'text' : 'file');
    case EntryKind.folder:
    case EntryKind.stream: {
      const place = readPlace(reader);
      return place && { kind: kind === EntryKind.folder ? 'folder' : 'stream', ...place };
    }
    case EntryKind.link: {
      const place = readPlace(reader);
      const target = reader.prefixed(MAX_TARGET_BYTES);
      return place && target && { kind: 'link', ...place, target };
    }
    default:
      return { kind };
  }
}

function readFile(reader: ByteReader, kind: 'file' | 'text'): OfferedEntry | undefined {
  const place = readPlace(reader);
  const size = reader.varint();
  const version = reader.uint64();
  if (place === undefined || size === undefined || version === undefined) return undefined;
  return { kind, ...place, size, version };
}

function readPlace(reader: ByteReader): OfferedPlace | undefined {
  const mode = reader.varint();
  const mtimeMs = reader.varint();
  const path = readPath(reader);
  if (mode === undefined || mtimeMs === undefined || path === undefined) return undefined;
  return { mode, mtimeMs, path };
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
