import { describe, expect, it } from 'vitest';
import { BROTLI } from '../../../src/io/compression/brotli.ts';
import type { Codec } from '../../../src/io/compression/codec.ts';
import { libzstd } from '../../../src/io/compression/libzstd.ts';
import { isZstd, nodeZstd } from '../../../src/io/compression/zstd.ts';
import { SeededRandom } from '../../support/seeded-random.ts';
import { seededText } from '../../support/seeded-text.ts';

const TEXT = seededText(new SeededRandom(1), 100_000);
const NOISE = new SeededRandom(2).bytes(100_000);
const CODECS: readonly (readonly [string, Codec])[] = [
  ['Brotli', BROTLI],
  ...available('Zstandard of libzstd', await libzstd().catch(() => undefined)),
  ...available('Zstandard of Node', nodeZstd()),
];

function available(name: string, codec: Codec | undefined): [string, Codec][] {
  if (codec === undefined) console.warn(`codecs: not tested, for it is not there: ${name}`);
  return codec === undefined ? [] : [[name, codec]];
}

describe.each(CODECS)('%s', (_, codec) => {
  it.each([0, 1, 5, 7])('gives back what it has made smaller (level %d)', async (level) => {
    for (const made of [await codec.compress(TEXT, level), codec.compressNow(TEXT, level)]) {
      const compressed = made as Uint8Array;
      expect(compressed.length).toBeLessThan(TEXT.length / 2);
      expect(Buffer.compare(await codec.decompress(compressed, TEXT.length), TEXT)).toBe(0);
    }
  });

  it('makes it smaller with more work', async () => {
    const [quick, thorough] = [codec.compressNow(TEXT, 1), codec.compressNow(TEXT, 7)];
    expect(thorough?.length).toBeLessThan(quick?.length ?? 0);
  });

  it('says when it cannot', async () => {
    expect(await codec.compress(NOISE, 1)).toBeUndefined();
    expect(codec.compressNow(NOISE.subarray(0, 5), 1)).toBeUndefined();
  });

  // koffi takes no more than 256 calls at once.
  it('works on as many at once as are wanted', async () => {
    const random = new SeededRandom(3);
    const texts = Array.from({ length: 600 }, () => seededText(random, 1 + random.integer(5000)));
    const plain = await Promise.all(
      texts.map(async (text) => {
        const compressed = await codec.compress(text, 3);
        return compressed === undefined ? text : await codec.decompress(compressed, text.length);
      }),
    );
    expect(Buffer.compare(Buffer.concat(plain), Buffer.concat(texts))).toBe(0);
  });

  it('refuses what is longer than was said, or nothing of the kind', async () => {
    const compressed = (await codec.compress(TEXT, 1)) as Uint8Array;
    await expect(codec.decompress(compressed, TEXT.length - 1)).rejects.toThrow();
    await expect(codec.decompress(TEXT, TEXT.length)).rejects.toThrow();
  });

  it('refuses what is cut off, or yields less', async () => {
    const compressed = (await codec.compress(TEXT, 1)) as Uint8Array;
    const cut = compressed.subarray(0, compressed.length - 1);
    const plain = await codec.decompress(cut, TEXT.length).catch(() => undefined);
    expect(plain?.length ?? 0).toBeLessThan(TEXT.length);
  });

  it('takes no more memory than it may be long, whatever it unfolds to', async () => {
    const bomb = codec.compressNow(new Uint8Array(2 ** 28), 1) as Uint8Array;
    expect(bomb.length).toBeLessThan(100_000);
    const before = process.memoryUsage.rss();
    await expect(codec.decompress(bomb, 2 ** 20)).rejects.toThrow();
    expect(process.memoryUsage.rss() - before).toBeLessThan(2 ** 26);
  });

  it('does not fail but for the bytes: they are of any kind', async () => {
    const compressed = (await codec.compress(TEXT.subarray(0, 2000), 1)) as Uint8Array;
    const random = new SeededRandom(4);
    for (let round = 0; round < 300; round += 1) {
      const broken = Uint8Array.from(compressed);
      for (let i = 0; i < 3; i += 1) broken[random.integer(broken.length)] = random.integer(256);
      const plain = await codec.decompress(broken, 2000).catch(() => undefined);
      expect(plain?.length ?? 0).toBeLessThanOrEqual(2000);
    }
  });
});

describe('what is compressed', () => {
  it('shows by its first bytes whether that was Zstandard', async () => {
    for (const [name, codec] of CODECS) {
      const short = codec.compressNow(TEXT.subarray(0, 600), 5) as Uint8Array;
      const long = codec.compressNow(TEXT, 1) as Uint8Array;
      expect([isZstd(short), isZstd(long)]).toEqual(Array(2).fill(name.startsWith('Zstandard')));
    }
    expect(isZstd(Uint8Array.of(0x28, 0xb5, 0x2f))).toBe(false);
  });

  it('is the same to libzstd and to Node', async () => {
    const ways = CODECS.filter(([name]) => name.startsWith('Zstandard'));
    for (const [, writer] of ways) {
      const compressed = (await writer.compress(TEXT, 3)) as Uint8Array;
      for (const [, reader] of ways) {
        expect(Buffer.compare(await reader.decompress(compressed, TEXT.length), TEXT)).toBe(0);
      }
    }
  });
});
