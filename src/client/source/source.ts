import type { SourceScan } from '../../io/source/source-scan.ts';
import type { EntryReader } from '../../io/source/stream-reader.ts';

/** What is sent, in one way or another. */
export interface Source {
  /** Looks for the first time, so that it is done when somebody comes. Rejects for what cannot be sent. */
  prepare(): Promise<void>;
  /** What there is by now. */
  scan(): Promise<SourceScan>;
  reader(scan: SourceScan): EntryReader;
}
