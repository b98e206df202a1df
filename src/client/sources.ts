import { SourceReader } from '../io/source-reader.ts';
import { type ScanOptions, type SourceScan, scanSources } from '../io/source-scan.ts';
import { type EntryReader, StreamReader, streamEntry } from '../io/stream-reader.ts';
import type { EntryName } from '../protocol/transfer/entry-name.ts';

/** What is sent, in one way or another. */
export interface Source {
  /** Begins to look, so that it is done by the time that somebody comes. */
  prepare(): void;
  /** What there is by now. */
  scan(): Promise<SourceScan>;
  reader(scan: SourceScan): EntryReader;
}

/** After this what was found is looked for again: somebody may wait for the receiver for a day. */
const FRESH_MS = 10_000;

/** Files and folders, as they are found at one time or another. */
export class Sources implements Source {
  readonly #paths: readonly string[];
  readonly #options: ScanOptions;
  #scanning: Promise<SourceScan> | undefined;
  #scannedAt = 0;

  constructor(paths: readonly string[], options: ScanOptions) {
    this.#paths = paths;
    this.#options = options;
  }

  prepare(): void {
    // Whoever asks for it is told of its failure.
    this.#begin().catch(() => undefined);
  }

  /** Rejects as `scanSources` does. */
  async scan(): Promise<SourceScan> {
    if (performance.now() - this.#scannedAt > FRESH_MS) this.#scanning = undefined;
    return await this.#begin();
  }

  reader(scan: SourceScan): SourceReader {
    return new SourceReader(scan, this.#options.salt);
  }

  #begin(): Promise<SourceScan> {
    if (this.#scanning === undefined) {
      this.#scanning = scanSources(this.#paths, this.#options);
      const note = () => {
        this.#scannedAt = performance.now();
      };
      this.#scanning.then(note, note);
      // While it is under way it is as good as new.
      this.#scannedAt = Number.POSITIVE_INFINITY;
    }
    return this.#scanning;
  }
}

/** A stream, which can be read once. */
export class StreamSource implements Source {
  readonly #stream: NodeJS.ReadableStream;
  readonly #name: EntryName;

  constructor(stream: NodeJS.ReadableStream, name: EntryName) {
    this.#stream = stream;
    this.#name = name;
  }

  prepare(): void {}

  async scan(): Promise<SourceScan> {
    const omitted = { special: 0, links: 0, excluded: 0 };
    return { entries: [streamEntry(this.#name)], paths: [this.#name], omitted, storedBytes: 0 };
  }

  reader(): EntryReader {
    return new StreamReader(this.#stream);
  }
}
