import type { Hasher, RunningHash } from '../protocol/ports.ts';
import { mayCallLibraries, ownedBy } from './native.ts';

/** Its soname. apt and rsync need the library, so Debian has it. */
const LIBRARY = 'libxxhash.so.0';
const SEED = 0;

/** XXH64 of libxxhash (xxhash.h), as far as we use it. */
interface LibraryCalls {
  XXH64(data: Uint8Array, length: number, seed: number): bigint | number;
  XXH64_createState(): State | null;
  XXH64_freeState(state: State): void;
  XXH64_reset(state: State, seed: number): void;
  XXH64_update(state: State, data: Uint8Array, length: number): void;
  XXH64_digest(state: State): bigint | number;
}

/** An address in the library, opaque to us. */
type State = object;

/**
 * XXH64 by the system's libxxhash, which reads data where it lies: the copy into WebAssembly's memory
 * takes as long as two thirds of the hash itself. `undefined` where there is no koffi or no such library.
 */
export async function libxxhash(): Promise<Hasher | undefined> {
  if (!mayCallLibraries()) return undefined;
  try {
    const calls = await libraryCalls();
    return {
      xxh64: (data) => BigInt(calls.XXH64(data, data.length, SEED)),
      begin: () => new LibraryHash(calls),
    };
  } catch {
    return undefined;
  }
}

async function libraryCalls(): Promise<LibraryCalls> {
  const { default: koffi } = await import('koffi');
  const library = koffi.load(LIBRARY);
  return {
    XXH64: library.func('uint64_t XXH64(const void *data, size_t length, uint64_t seed)'),
    XXH64_createState: library.func('void *XXH64_createState()'),
    XXH64_freeState: library.func('int XXH64_freeState(void *state)'),
    XXH64_reset: library.func('int XXH64_reset(void *state, uint64_t seed)'),
    XXH64_update: library.func('int XXH64_update(void *state, const void *data, size_t length)'),
    XXH64_digest: library.func('uint64_t XXH64_digest(const void *state)'),
  };
}

class LibraryHash implements RunningHash {
  readonly #calls: LibraryCalls;
  readonly #state: State;

  constructor(calls: LibraryCalls) {
    this.#calls = calls;
    this.#state = ownedBy(this, calls.XXH64_createState(), (state) => {
      calls.XXH64_freeState(state);
    });
    calls.XXH64_reset(this.#state, SEED);
  }

  update(data: Uint8Array): void {
    this.#calls.XXH64_update(this.#state, data, data.length);
  }

  digest(): bigint {
    return BigInt(this.#calls.XXH64_digest(this.#state));
  }
}
