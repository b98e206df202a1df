import type { SourceScan } from '../io/source-scan.ts';
import type { EntryReader } from '../io/stream-reader.ts';

/** What is sent, in one way or another. */
export interface Source {
  /** Begins to look, so that it is done by the time that somebody comes. */
  prepare(): void;
  /** What there is by now. */
  scan(): Promise<SourceScan>;
  reader(scan: SourceScan): EntryReader;
}
