import { fromUtf8 } from '../../wire/utf8.ts';
import { type Entry, MAX_TEXT_BYTES, type Offer } from '../entries/entry.ts';
import { EntryTable } from '../entries/entry-table.ts';
import { isInnerLink } from '../entries/link-target.ts';
import { PathIndex } from '../entries/path-index.ts';
import { PathReader } from '../entries/path-reader.ts';
import { MAX_CHUNK_LOG, MIN_CHUNK_LOG, TRANSFER_LIMITS } from '../limits.ts';
import { protocolViolation, type Violation } from '../violation.ts';
import type { OfferedEntry, OfferPage } from './offer-message.ts';

/** Joins the pages of an offer and judges every entry before anybody sees the whole. */
export class OfferCollector {
  readonly #entries = new EntryTable();
  readonly #paths = new PathIndex();
  #first: OfferPage | undefined;
  #pageBytes = 0;
  #bytes = 0;
  #complete = false;

  /** The offer, once its last page has come. */
  get offer(): Offer | undefined {
    if (!this.#complete) return undefined;
    const storedBytes = this.#first?.storedBytes ?? 0;
    return { entries: this.#entries, totalBytes: this.#bytes, storedBytes };
  }

  get chunkBytes(): number {
    return 2 ** (this.#first?.chunkLog ?? MAX_CHUNK_LOG);
  }

  /** Takes the next page; `length` is what it took on the wire. */
  handlePage(page: OfferPage, length: number): Violation | undefined {
    this.#first ??= page;
    this.#pageBytes += length;
    const violation = this.#judgePage(page, this.#first);
    if (violation !== undefined) return violation;
    const paths = new PathReader();
    for (const offered of page.entries) {
      const refused = this.#add(offered, paths);
      if (refused !== undefined) return refused;
    }
    if (!page.last) return undefined;
    this.#complete = true;
    const agrees = this.#entries.length === page.totalEntries && this.#bytes === page.totalBytes;
    return agrees ? undefined : protocolViolation('offer totals do not add up');
  }

  #judgePage(page: OfferPage, first: OfferPage): Violation | undefined {
    const { chunkLog, totalEntries, totalBytes } = page;
    if (chunkLog < MIN_CHUNK_LOG || chunkLog > MAX_CHUNK_LOG) {
      return protocolViolation('chunk size out of bounds');
    }
    if (totalEntries > TRANSFER_LIMITS.entries || this.#pageBytes > TRANSFER_LIMITS.pageBytes) {
      return protocolViolation('offer too large');
    }
    // Every page has to bring the end nearer.
    const left = totalEntries - this.#entries.length;
    if (page.entries.length === 0 || page.entries.length > left) {
      return protocolViolation('offer page out of bounds');
    }
    const agrees =
      chunkLog === first.chunkLog &&
      totalEntries === first.totalEntries &&
      totalBytes === first.totalBytes &&
      page.storedBytes === first.storedBytes;
    return agrees ? undefined : protocolViolation('offer pages disagree');
  }

  #add(offered: OfferedEntry, paths: PathReader): Violation | undefined {
    const { kind } = offered;
    if (typeof kind === 'number') {
      return { code: 'P2P_RECEIVER_OUTDATED', detail: `entry kind ${kind}` };
    }
    const entry = parseEntry(offered, paths);
    if (!('path' in entry)) return entry;
    this.#bytes += entry.size;
    if (!Number.isSafeInteger(this.#bytes)) return protocolViolation('offer sizes overflow');
    if (!this.#paths.add(entry.path, kind === 'folder')) {
      return { code: 'P2P_NAME_REFUSED', detail: 'two entries in one place' };
    }
    if (this.#paths.overfull) return protocolViolation('offer of too many folders');
    this.#entries.push(entry);
    return undefined;
  }
}

type KnownEntry = Exclude<OfferedEntry, { readonly kind: number }>;

function parseEntry(offered: KnownEntry, paths: PathReader): Entry | Violation {
  const path = paths.read(offered.path);
  if ('code' in path) return path;
  const place = { path, mtimeMs: offered.mtimeMs, mode: offered.mode & MODE_BITS };
  switch (offered.kind) {
    case 'file':
      return { kind: 'file', ...place, size: offered.size, version: offered.version };
    case 'text': {
      const { size, version } = offered;
      if (size > MAX_TEXT_BYTES) return protocolViolation('text too long');
      return { kind: 'file', ...place, size, version, isText: true };
    }
    case 'folder':
    case 'stream':
      return { kind: offered.kind, ...place, size: 0 };
    case 'link': {
      const target = fromUtf8(offered.target);
      if (target !== undefined && isInnerLink(path, target)) {
        return { kind: 'link', ...place, size: 0, target };
      }
      return { code: 'P2P_NAME_REFUSED', detail: 'link out of the tree' };
    }
  }
}

/** Set-user-id and the like are never taken over (security rule 6). */
const MODE_BITS = 0o777;
