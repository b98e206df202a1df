import xxhash from 'xxhash-wasm';
import { P2PShareError } from '../protocol/errors.ts';
import type { Hasher } from '../protocol/ports.ts';
import { libxxhash } from './libxxhash.ts';

/** XXH64 with seed 0, by the system's library where it makes the same of a sample. */
export async function createHasher(): Promise<Hasher> {
  const portable = await portableHasher();
  const native = await libxxhash();
  return native !== undefined && agree(native, portable) ? native : portable;
}

let shared: Promise<Hasher> | undefined;

/** The same for all of this process: each memory of WebAssembly reserves gigabytes of addresses. */
export function sharedHasher(): Promise<Hasher> {
  shared ??= createHasher().catch((error: unknown) => {
    shared = undefined;
    throw error;
  });
  return shared;
}

/**
 * Compiling the WebAssembly is asynchronous, so make one and pass it on. Rejects with `P2P_LOCAL_IO` where
 * there is no memory for it, or there are no addresses.
 */
export async function portableHasher(): Promise<Hasher> {
  const { h64Raw, create64 } = await xxhash().catch((error: unknown) => {
    if (!(error instanceof RangeError)) throw error;
    const cause = Object.assign(new Error('no memory for WebAssembly', { cause: error }), {
      code: 'ENOMEM',
    });
    throw new P2PShareError('P2P_LOCAL_IO', 'no hash', { cause });
  });
  return { xxh64: (data) => h64Raw(data, 0n), begin: () => create64(0n) };
}

function agree(a: Hasher, b: Hasher): boolean {
  return [0, 5, 1000].every((length) => {
    const sample = Uint8Array.from({ length }, (_, i) => i);
    return a.xxh64(sample) === b.xxh64(sample) && inTwo(a, sample) === inTwo(b, sample);
  });
}

function inTwo(hasher: Hasher, sample: Uint8Array): bigint {
  const hash = hasher.begin();
  hash.update(sample.subarray(0, 37));
  hash.update(sample.subarray(37));
  return hash.digest();
}
