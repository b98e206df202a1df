import { describe, expect, it } from 'vitest';
import { compress, compressNow, decompress } from '../../../src/io/compression/brotli.ts';
import { SeededRandom } from '../../support/seeded-random.ts';
import { seededText } from '../../support/seeded-text.ts';

const INTEGRITY = { code: 'P2P_INTEGRITY' };
const TEXT = seededText(new SeededRandom(1), 100_000);

describe('what is compressed', () => {
  it.each([0, 1, 5])('comes out as it went in, and smaller (quality %d)', async (quality) => {
    const compressed = await compress(TEXT, quality);
    expect(compressed.length).toBeLessThan(TEXT.length / 2);
    expect(compressNow(TEXT, quality)).toEqual(compressed);
    expect(Buffer.compare(await decompress(compressed, TEXT.length), TEXT)).toBe(0);
  });

  it('is smaller for more work', async () => {
    const [quick, thorough] = [await compress(TEXT, 1), await compress(TEXT, 5)];
    expect(thorough.length).toBeLessThan(quick.length);
  });
});

describe('what claims to be compressed', () => {
  it('is refused when it is longer or shorter than was said, or nothing of the kind', async () => {
    const compressed = await compress(TEXT, 1);
    const refused = [
      [compressed, TEXT.length - 1],
      [compressed, TEXT.length + 1],
      [compressed.subarray(0, compressed.length - 1), TEXT.length],
      [TEXT, TEXT.length],
      [new Uint8Array(0), 1],
    ] as const;
    for (const [bytes, length] of refused) {
      await expect(decompress(bytes, length)).rejects.toMatchObject(INTEGRITY);
    }
  });

  it('takes no more memory than it may be long, whatever it unfolds to', async () => {
    const bomb = compressNow(new Uint8Array(2 ** 28), 1);
    expect(bomb.length).toBeLessThan(100_000);
    const before = process.memoryUsage.rss();
    await expect(decompress(bomb, 2 ** 20)).rejects.toMatchObject(INTEGRITY);
    expect(process.memoryUsage.rss() - before).toBeLessThan(2 ** 26);
  });
});
