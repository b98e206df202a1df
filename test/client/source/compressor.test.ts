import { describe, expect, it } from 'vitest';
import { Compressor } from '../../../src/client/source/compressor.ts';
import { BROTLI } from '../../../src/io/compression/brotli.ts';
import type { Codec } from '../../../src/io/compression/codec.ts';
import { SeededRandom } from '../../support/seeded-random.ts';
import { seededText } from '../../support/seeded-text.ts';

const MIB = 2 ** 20;
const LONG_MS = 10_000;
const TEXT = seededText(new SeededRandom(1), MIB);
const NOISE = new SeededRandom(2).bytes(MIB);

describe('a compressor', () => {
  it('compresses what would wait anyway, and the better the longer', async () => {
    const { compressor } = compressorOf();
    const lengths = [];
    for (const waitMs of [40, LONG_MS]) {
      lengths.push((await compressor.begin([TEXT], pace(waitMs)))?.length ?? 0);
    }
    const [quick = 0, thorough = 0] = lengths;
    expect(quick).toBeLessThan(MIB / 2);
    expect(thorough).toBeLessThan(quick);
    expect(thorough).toBeGreaterThan(0);
  });

  it.each([
    ['what need not wait', TEXT, 0],
    ['what waits for less than that takes', TEXT, 20],
    ['what cannot be compressed', NOISE, LONG_MS],
    ['a short file that cannot be', NOISE.subarray(0, 5000), LONG_MS],
    ['a few bytes', TEXT.subarray(0, 500), LONG_MS],
  ])('leaves %s as it is', async (_, bytes, waitMs) => {
    expect(await compressorOf().compressor.begin([bytes], pace(waitMs))).toBeUndefined();
  });

  it('does not even try what looks as if it could not be', async () => {
    const { compressor, asked } = compressorOf();
    await compressor.begin([NOISE], pace(LONG_MS));
    expect(asked).toEqual([]);
  });

  it('tries what has something in its middle that could not be', async () => {
    const mixed = Buffer.from(TEXT);
    mixed.set(NOISE.subarray(0, MIB / 4), (3 * MIB) / 8);
    const { compressor } = compressorOf();
    expect((await compressor.begin([mixed], pace(LONG_MS)))?.length).toBeLessThan((3 * MIB) / 4);
  });
});

describe('a compressor that has two ways', () => {
  it('compresses by Zstandard what its receiver takes by that', async () => {
    const { compressor, asked } = compressorOf();
    const made = await compressor.begin([TEXT], { ...pace(LONG_MS), takesZstd: true });
    expect([made?.[0], asked]).toEqual([6, []]);
    await compressor.begin([TEXT], pace(LONG_MS));
    expect(asked).toEqual([5]);
  });

  it.each([
    ['20 Mbit/s', 2_500, 6],
    ['200 Mbit/s', 25_000, 3],
    ['1 Gbit/s', 125_000, 1],
  ])('does no better than keeps up with a network of %s', async (_, rate, level) => {
    const { compressor } = compressorOf();
    const made = await compressor.begin([TEXT], { waitMs: LONG_MS, rate, takesZstd: true });
    expect(made?.[0]).toBe(level);
  });

  it('has only Brotli where there is nothing else', async () => {
    const compressor = new Compressor(() => 0, { zstd: undefined });
    const made = await compressor.begin([TEXT], { ...pace(LONG_MS), takesZstd: true });
    const plain = await BROTLI.decompress(made as Uint8Array, MIB);
    expect(Buffer.compare(plain, TEXT)).toBe(0);
  });
});

describe('a compressor that has measured', () => {
  it('knows what its machine takes for it', async () => {
    const slow = compressorOf({ msPerCall: 5000 });
    expect(await slow.compressor.begin([TEXT], pace(200))).toBeDefined();
    expect(await slow.compressor.begin([TEXT], pace(200))).toBeDefined();
    expect(await slow.compressor.begin([TEXT], pace(200))).toBeUndefined();
    expect(slow.asked).toEqual([5, 1]);
    for (let chunk = 0; chunk < 100; chunk += 1) await slow.compressor.begin([TEXT], pace(200));
    // It may have been busy with something else.
    expect(slow.asked.length).toBeGreaterThan(2);
    expect(slow.asked.length).toBeLessThan(6);
    const quick = compressorOf({ msPerCall: 3 });
    for (let call = 0; call < 20; call += 1) await quick.compressor.begin([TEXT], pace(LONG_MS));
    expect(await quick.compressor.begin([TEXT], pace(20))).toBeDefined();
  });
});

/** On a path that is so slow that everything keeps up with it. */
function pace(waitMs: number) {
  return { waitMs, rate: 1, takesZstd: false };
}

/** A compressor whose calls seem to take so long, and the levels that it has asked for. */
function compressorOf({ msPerCall = 12 }: { readonly msPerCall?: number } = {}) {
  let now = 0;
  const asked: number[] = [];
  const brotli: Codec = {
    ...BROTLI,
    compress: async (bytes, level) => {
      asked.push(level);
      const compressed = await BROTLI.compress(bytes, level);
      now += msPerCall;
      return compressed;
    },
  };
  // Whatever it makes of it, it is recognized.
  const zstd: Codec = { ...BROTLI, compress: async (bytes, level) => seeming(level, bytes) };
  return { compressor: new Compressor(() => now, { zstd, brotli }), asked };
}

function seeming(level: number, { length }: Uint8Array): Uint8Array {
  return new Uint8Array(length / 4).fill(level);
}
