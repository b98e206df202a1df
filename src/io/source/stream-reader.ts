import { P2PShareError } from '../../protocol/errors.ts';
import type { Entry } from '../../protocol/transfer/entries/entry.ts';
import type { EntryName } from '../../protocol/transfer/entries/entry-name.ts';

/** What a session reads what it sends from. */
export interface EntryReader {
  /**
   * Reads at `offset` of an entry until `into` is full or there is no more; yields the number of bytes.
   * With `onPause` it is enough of a stream what has come in a moment, or what comes first after that, and
   * `onPause` is called when nothing has come in it, or nothing will. The next read begins `into.length`
   * bytes behind this one all the same.
   */
  read(entry: number, offset: number, into: Uint8Array, onPause?: () => void): Promise<number>;
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

/** So long after a read was asked for what has come of a stream need not wait for more: ten chunks a second cost little. */
const MOMENT_MS = 100;

/** Reads a stream, such as standard input, from its beginning to its end; it holds one piece of it. */
export class StreamReader implements EntryReader {
  readonly #stream: NodeJS.ReadableStream;
  readonly #pieces: AsyncIterator<string | Buffer>;
  #rest: Uint8Array = new Uint8Array(0);
  /** The next piece, where it is being waited for: nothing behind the last one. */
  #next: Promise<Uint8Array | undefined> | undefined;
  #position = 0;

  constructor(stream: NodeJS.ReadableStream) {
    this.#stream = stream;
    this.#pieces = stream[Symbol.asyncIterator]();
  }

  async read(
    _entry: number,
    offset: number,
    into: Uint8Array,
    onPause?: () => void,
  ): Promise<number> {
    if (offset !== this.#position) throw new Error('unreachable: a stream is read in order');
    this.#position += into.length;
    if (onPause === undefined) return await this.#fill(into);
    const moment = new Moment();
    try {
      if (!(await this.#has(moment))) onPause();
      await this.#has();
      return await this.#fill(into, moment);
    } finally {
      moment.end();
    }
  }

  async finish(): Promise<void> {}

  /** Also while something is being read, which never comes then. */
  async close(): Promise<void> {
    if ('destroy' in this.#stream && typeof this.#stream.destroy === 'function') {
      this.#stream.destroy();
    }
  }

  async #fill(into: Uint8Array, moment?: Moment): Promise<number> {
    let length = 0;
    while (length < into.length && (await this.#has(moment))) {
      const part = this.#rest.subarray(0, into.length - length);
      into.set(part, length);
      length += part.length;
      this.#rest = this.#rest.subarray(part.length);
    }
    return length;
  }

  /** Whether there is more, and that before the moment is over; what comes later is for the next read. */
  async #has(moment?: Moment): Promise<boolean> {
    while (this.#rest.length === 0) {
      this.#next ??= this.#piece();
      const piece = await (moment === undefined ? this.#next : moment.race(this.#next));
      if (piece === LATE || piece === undefined) return false;
      this.#next = undefined;
      this.#rest = piece;
    }
    return true;
  }

  async #piece(): Promise<Uint8Array | undefined> {
    try {
      const { done, value } = await this.#pieces.next();
      if (done === true) return undefined;
      return typeof value === 'string' ? Buffer.from(value) : value;
    } catch (error) {
      throw new P2PShareError('P2P_SOURCE_UNREADABLE', `stream: ${error}`, { cause: error });
    }
  }
}

const LATE = Symbol('late');

/** Begins when it is first waited for something in it. */
class Moment {
  #over: Promise<typeof LATE> | undefined;
  #timer: NodeJS.Timeout | undefined;

  /** What is awaited, unless the moment is over before. */
  race<T>(awaited: Promise<T>): Promise<T | typeof LATE> {
    this.#over ??= new Promise((resolve) => {
      this.#timer = setTimeout(resolve, MOMENT_MS, LATE);
    });
    return Promise.race([awaited, this.#over]);
  }

  end(): void {
    clearTimeout(this.#timer);
  }
}
