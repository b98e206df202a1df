import { afterEach, describe, expect, it, vi } from 'vitest';
import { BROTLI } from '../../../src/io/compression/brotli.ts';
import type { Codec } from '../../../src/io/compression/codec.ts';
import { decompress } from '../../../src/io/compression/decompress.ts';
import { zstd } from '../../../src/io/compression/zstd.ts';
import { SeededRandom } from '../../support/seeded-random.ts';
import { seededText } from '../../support/seeded-text.ts';

const INTEGRITY = { code: 'P2P_INTEGRITY' };
const TEXT = seededText(new SeededRandom(1), 100_000);
const CODECS: [string, Codec][] = [['Brotli', BROTLI]];
const codec = await zstd();
if (codec !== undefined) CODECS.push(['Zstandard', codec]);
else console.warn('decompress: tested with Brotli alone: no Zstandard here');

afterEach(() => vi.unstubAllEnvs());

describe('decompressing', () => {
  it.each(CODECS)('takes what is from %s, of just the length that was said', async (_, way) => {
    const compressed = way.compressNow(TEXT, 1) as Uint8Array;
    expect(Buffer.compare(await decompress(compressed, TEXT.length), TEXT)).toBe(0);
    for (const length of [TEXT.length - 1, TEXT.length + 1]) {
      await expect(decompress(compressed, length)).rejects.toMatchObject(INTEGRITY);
    }
  });

  it('refuses what is compressed in no way', async () => {
    const magic = Buffer.from('28b52ffd', 'hex');
    for (const bytes of [TEXT, magic, Buffer.concat([magic, TEXT]), new Uint8Array(0)]) {
      await expect(decompress(bytes, TEXT.length)).rejects.toMatchObject(INTEGRITY);
    }
  });

  it.skipIf(codec === undefined)('refuses Zstandard where it was not to be used', async () => {
    const compressed = codec?.compressNow(TEXT, 1) as Uint8Array;
    vi.stubEnv('P2PSHARE_NO_ZSTD', '1');
    expect(await zstd()).toBeUndefined();
    await expect(decompress(compressed, TEXT.length)).rejects.toMatchObject(INTEGRITY);
  });
});
