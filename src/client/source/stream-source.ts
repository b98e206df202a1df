import type { SourceScan } from '../../io/source/source-scan.ts';
import { type EntryReader, StreamReader, streamEntry } from '../../io/source/stream-reader.ts';
import type { EntryName } from '../../protocol/transfer/entries/entry-name.ts';
import type { Source } from './source.ts';

/** A stream, which can be read once. */
export class StreamSource implements Source {
  readonly #stream: NodeJS.ReadableStream;
  readonly #name: EntryName;

  constructor(stream: NodeJS.ReadableStream, name: EntryName) {
    this.#stream = stream;
    this.#name = name;
  }

  async prepare(): Promise<void> {}

  async scan(): Promise<SourceScan> {
    const omitted = { special: 0, links: 0, excluded: 0 };
    const pathOf = () => this.#name;
    return { entries: [streamEntry(this.#name)], pathOf, omitted, storedBytes: 0 };
  }

  reader(): EntryReader {
    return new StreamReader(this.#stream);
  }
}
