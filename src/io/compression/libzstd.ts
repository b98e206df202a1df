import { promisify } from 'node:util';
import type { Codec } from './codec.ts';
import { Turns } from './turns.ts';

/** Its soname. dpkg needs the library, so Debian has it. */
const LIBRARY = 'libzstd.so.1';

/** Zstandard of libzstd (zstd.h), as far as we use it; where it fails, what it yields is beyond any length. */
interface LibraryCalls {
  createContext(): Context | null;
  compress(...parts: CompressParts): number | bigint;
  compressLater(...parts: CompressParts): Promise<number | bigint>;
  decompressLater(
    target: Uint8Array,
    capacity: number,
    source: Uint8Array,
    length: number,
  ): Promise<number | bigint>;
}

type CompressParts = [
  context: Context,
  target: Uint8Array,
  capacity: number,
  source: Uint8Array,
  length: number,
  level: number,
];

/** An address in the library, opaque to us. */
type Context = object;

/** Rejects where there is no koffi or no such library. */
export async function libzstd(): Promise<Codec> {
  const { default: koffi } = await import('koffi');
  const library = koffi.load(LIBRARY);
  const compress = library.func(
    'size_t ZSTD_compressCCtx(void *context, void *target, size_t capacity, const void *source, size_t length, int level)',
  );
  const decompress = library.func(
    'size_t ZSTD_decompress(void *target, size_t capacity, const void *source, size_t length)',
  );
  return new LibraryCodec({
    createContext: library.func('void *ZSTD_createCCtx()'),
    compress,
    compressLater: promisify(compress.async) as LibraryCalls['compressLater'],
    decompressLater: promisify(decompress.async) as LibraryCalls['decompressLater'],
  });
}

/** A compressor's tables and room for what it makes, which are most of the cost of a short call. */
interface Workplace {
  readonly context: Context;
  target: Uint8Array;
}

/** Each has tables of 4 MB and room for what it makes; four of them are no faster on two cores. */
const MOST_COMPRESSING = 2;
/** As many as there are threads: others would wait there with their memory, and koffi takes no more than 256. */
const MOST_DECOMPRESSING = 4;

class LibraryCodec implements Codec {
  readonly #calls: LibraryCalls;
  readonly #compressing = new Turns(MOST_COMPRESSING);
  readonly #decompressing = new Turns(MOST_DECOMPRESSING);
  /** Those that are not in use, of one for each call that compresses. */
  readonly #workplaces: Workplace[] = [];
  /** For what is done at once, which is little. */
  #aside: Workplace | undefined;
  /** What calls on other threads read: nobody else keeps that from the garbage collector. */
  readonly #reading = new Set<{ readonly bytes: Uint8Array }>();

  constructor(calls: LibraryCalls) {
    this.#calls = calls;
  }

  async compress(bytes: Uint8Array, level: number): Promise<Uint8Array | undefined> {
    return await this.#read(bytes, this.#compressing, async () => {
      const workplace = this.#workplaces.pop() ?? this.#open();
      const { length } = bytes;
      const { context, target } = withRoom(workplace, length);
      const made = await this.#calls.compressLater(context, target, length, bytes, length, level);
      this.#workplaces.push(workplace);
      return made < length ? target.slice(0, Number(made)) : undefined;
    });
  }

  compressNow(bytes: Uint8Array, level: number): Uint8Array | undefined {
    this.#aside ??= this.#open();
    const { length } = bytes;
    const { context, target } = withRoom(this.#aside, length);
    const made = this.#calls.compress(context, target, length, bytes, length, level);
    return made < length ? target.slice(0, Number(made)) : undefined;
  }

  async decompress(bytes: Uint8Array, length: number): Promise<Uint8Array> {
    return await this.#read(bytes, this.#decompressing, async () => {
      const plain = new Uint8Array(length);
      const made = await this.#calls.decompressLater(plain, length, bytes, bytes.length);
      if (made > length) throw new Error('libzstd does not decompress it');
      return plain.subarray(0, Number(made));
    });
  }

  /** Keeps the bytes until a call has read them that has to wait for its turn. */
  async #read<T>(bytes: Uint8Array, turns: Turns, call: () => Promise<T>): Promise<T> {
    const reading = { bytes };
    this.#reading.add(reading);
    try {
      return await turns.during(call);
    } finally {
      this.#reading.delete(reading);
    }
  }

  #open(): Workplace {
    const context = this.#calls.createContext();
    if (context === null) throw new Error('libzstd has no memory');
    return { context, target: new Uint8Array(0) };
  }
}

function withRoom(workplace: Workplace, length: number): Workplace {
  if (workplace.target.length < length) workplace.target = new Uint8Array(length);
  return workplace;
}
