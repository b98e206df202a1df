import type { Entry } from '../../protocol/transfer/entries/entry.ts';
import type { EntryName } from '../../protocol/transfer/entries/entry-name.ts';
import type { EntryReader } from './stream-reader.ts';

/** The entry of a text. */
export function textEntry(bytes: Uint8Array, name: EntryName): Entry {
  const { length: size } = bytes;
  const now = Date.now();
  const version = BigInt(now);
  return { kind: 'file', path: [name], size, mtimeMs: now, mode: 0o644, version, isText: true };
}

/** Reads a text that is in memory. */
export class TextReader implements EntryReader {
  readonly #bytes: Uint8Array;

  constructor(bytes: Uint8Array) {
    this.#bytes = bytes;
  }

  async read(_entry: number, offset: number, into: Uint8Array): Promise<number> {
    const part = this.#bytes.subarray(offset, offset + into.length);
    into.set(part);
    return part.length;
  }

  async finish(): Promise<void> {}

  async close(): Promise<void> {}
}
