import { expect, it, vi } from 'vitest';
import { sharedHasher } from '../../src/crypto/xxhash.ts';

const memory = vi.hoisted(() => ({ isThere: true }));
vi.mock('xxhash-wasm', async (importOriginal) => {
  const { default: xxhash } = await importOriginal<typeof import('xxhash-wasm')>();
  return {
    default: async () => {
      if (!memory.isThere) throw new RangeError('WebAssembly.instantiate(): Out of memory');
      return await xxhash();
    },
  };
});

it('there is one hash for all sessions, and where there was no memory for it, it is tried again', async () => {
  memory.isThere = false;
  await expect(sharedHasher()).rejects.toMatchObject({
    code: 'P2P_LOCAL_IO',
    cause: { code: 'ENOMEM' },
  });
  memory.isThere = true;
  const hasher = await sharedHasher();
  expect(await sharedHasher()).toBe(hasher);
  expect(hasher.xxh64(Buffer.from('abc'))).toBe(0x44bc2cf5ad770999n);
});
