import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, it, vi } from 'vitest';
import { scanSources } from '../../../src/io/source/source-scan.ts';
import { SCAN_OPTIONS } from '../../support/scan-options.ts';

vi.mock('../../../src/protocol/transfer/limits.ts', async (importOriginal) => {
  const original =
    await importOriginal<typeof import('../../../src/protocol/transfer/limits.ts')>();
  return { ...original, TRANSFER_LIMITS: { ...original.TRANSFER_LIMITS, entries: 3 } };
});

it('as many files and folders as an offer may have can be sent, and no more', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'p2pshare-limit-'));
  try {
    for (const name of ['a', 'b']) await writeFile(join(folder, name), name);
    expect((await scanSources([folder], SCAN_OPTIONS)).entries).toHaveLength(3);
    await writeFile(join(folder, 'c'), 'c');
    await expect(scanSources([folder], SCAN_OPTIONS)).rejects.toMatchObject({
      code: 'P2P_SOURCE_UNREADABLE',
      cause: { code: 'too many files' },
    });
  } finally {
    await rm(folder, { recursive: true });
  }
});
