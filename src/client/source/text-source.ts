import type { SourceScan } from '../../io/source/source-scan.ts';
import type { EntryReader } from '../../io/source/stream-reader.ts';
import { TextReader, textEntry } from '../../io/source/text-reader.ts';
import type { EntryName } from '../../protocol/transfer/entries/entry-name.ts';
import type { Source } from './source.ts';

/** A text, to be shown at the other end. */
export class TextSource implements Source {
  readonly #bytes: Uint8Array;
  readonly #name: EntryName;

  constructor(text: string, name: EntryName) {
    this.#bytes = new TextEncoder().encode(text);
    this.#name = name;
  }

  async prepare(): Promise<void> {}

  async scan(): Promise<SourceScan> {
    const omitted = { special: 0, links: 0, excluded: 0 };
    const entries = [textEntry(this.#bytes, this.#name)];
    const pathOf = () => this.#name;
    return { entries, pathOf, omitted, storedBytes: this.#bytes.length };
  }

  reader(): EntryReader {
    return new TextReader(this.#bytes);
  }
}
