import { SourceReader } from '../../io/source/source-reader.ts';
import { type ScanOptions, type SourceScan, scanSources } from '../../io/source/source-scan.ts';
import type { Source } from './source.ts';

/** After this what was found is looked for again: somebody may wait for the receiver for a day. */
const FRESH_MS = 10_000;

/** Files and folders, as they are found at one time or another. */
export class Sources implements Source {
  readonly #paths: readonly string[];
  readonly #options: ScanOptions;
  /** Without what was found, which may be much, and out of date by now. */
  #first: Promise<void> | undefined;
  #scanning: Promise<SourceScan> | undefined;
  #scannedAt = 0;

  constructor(paths: readonly string[], options: ScanOptions) {
    this.#paths = paths;
    this.#options = options;
  }

  async prepare(): Promise<void> {
    this.#first ??= this.#begin().then(() => undefined);
    await this.#first;
  }

  /** Rejects as `scanSources` does. */
  async scan(): Promise<SourceScan> {
    if (performance.now() - this.#scannedAt > FRESH_MS) this.#scanning = undefined;
    return await this.#begin();
  }

  reader(scan: SourceScan): SourceReader {
    return new SourceReader(scan, this.#options.tagOf);
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
