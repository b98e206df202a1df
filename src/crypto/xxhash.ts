import xxhash from 'xxhash-wasm';
import type { Hasher } from '../protocol/ports.ts';

/** XXH64 with seed 0. Compiling the WebAssembly is asynchronous, so make one and pass it on. */
export async function createHasher(): Promise<Hasher> {
  const { h64Raw, create64 } = await xxhash();
  return { xxh64: (data) => h64Raw(data, 0n), begin: () => create64(0n) };
}
