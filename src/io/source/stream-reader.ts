import { P2PShareError } from '../../protocol/errors.ts';
import type { Entry } from '../../protocol/transfer/entries/entry.ts';
import type { EntryName } from '../../protocol/transfer/entries/entry-name.ts';

/** What a session reads what it sends from. */
export interface EntryReader {
  /**
   * Reads at `offset` of an entry until `into` is full or there is no more; yields the number of bytes.
   */
  read(entry: number, offset: number, into: Uint8Array): Promise<number>;
  /**
   * Everything is read: throws when it was not what it was offered as. `isLenient`: neither where a read
   * has told so, nor where only a file that was empty is so no more.
   */
  finish(isLenient: boolean): Promise<void>;
  close(): Promise<void>;
}

/** The entry of a stream of this name. */
export function streamEntry(name: EntryName): Entry {
  return { kind: 'stream', path: [name], size: 0, mtimeMs: Date.now(), mode: 0o644 };
}

/** Reads a stream, such as standard input, from its beginning to its end; it holds one piece of it. */
export class StreamReader implements EntryReader {
  readonly #stream: NodeJS.ReadableStream;
  readonly #pieces: AsyncIterator<string | Buffer>;
  #rest: Uint8Array = new Uint8Array(0);
  #position = 0;

  constructor(stream: NodeJS.ReadableStream) {
    this.#stream = stream;
    this.#pieces = stream[Symbol.asyncIterator]();
  }

  async read(_entry: number, offset: number, into: Uint8Array): Promise<number> {
    if (offset !== this.#position) throw new Error('unreachable: a stream is read in order');
    let length = 0;
    while (length < into.length) {
      if (this.#rest.length === 0 && !(await this.#more())) break;
      const part = this.#rest.subarray(0, into.length - length);
      into.set(part, length);
      length += part.length;
      this.#rest = this.#rest.subarray(part.length);
    }
    this.#position += length;
    return length;
  }

  async finish(): Promise<void> {}

  /** Also while something is being read, which never comes then. */
  async close(): Promise<void> {
    if ('destroy' in this.#stream && typeof this.#stream.destroy === 'function') {
      this.#stream.destroy();
    }
  }

  async #more(): Promise<boolean> {
    try {
      const { done, value } = await this.#pieces.next();
      if (done === true) return false;
      this.#rest = typeof value === 'string' ? Buffer.from(value) : value;
      return true;
    } catch (error) {
      throw new P2PShareError('P2P_SOURCE_UNREADABLE', `stream: ${error}`, { cause: error });
    }
  }
}
