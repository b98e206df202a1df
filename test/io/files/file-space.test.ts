import { expect, it } from 'vitest';
import type { FileRoot } from '../../../src/io/files/file-root.ts';
import { requireSpace } from '../../../src/io/files/file-space.ts';

function rootWith(availableBytes: bigint, blocks = 1000n): FileRoot {
  const files = { space: async () => ({ availableBytes, blocks }) };
  return { path: '/target', files } as unknown as FileRoot;
}

it('a twentieth of what is free is left to others', async () => {
  await requireSpace(rootWith(1000n), 950);
  await expect(requireSpace(rootWith(1000n), 951)).rejects.toMatchObject({
    code: 'P2P_DISK_FULL',
    space: { neededBytes: 951, freeBytes: 950 },
  });
});

it('a file system that counts nothing is believed when it says so', async () => {
  await requireSpace(rootWith(0n, 0n), 10);
});
