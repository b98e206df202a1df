import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterEach, beforeAll, describe, expect, it } from 'vitest';
import { BROTLI } from '../../src/io/compression/brotli.ts';
import { SeededRandom } from '../support/seeded-random.ts';
import { seededText } from '../support/seeded-text.ts';
import { ensureBuilt } from './support/build.ts';
import { expectSuccess } from './support/expectations.ts';
import { Stage } from './support/stage.ts';

const TEXT = seededText(new SeededRandom(1), 12 * 2 ** 20);

const stage = new Stage();

beforeAll(ensureBuilt);
afterEach(() => stage.clear());

describe('a text on a slow network', () => {
  it('travels in less than its bytes, by far', async () => {
    // The first chunks are on their way before anybody knows how slow it is.
    expect(await heardOf({ 'words.txt': TEXT }, '3MB/s')).toBeLessThan(TEXT.length * 0.7);
  });

  it('travels as it is where that is wished', async () => {
    const heard = await heardOf({ 'words.txt': TEXT }, '8MB/s', ['--no-compress']);
    expect(heard).toBeGreaterThan(TEXT.length);
  });
});

describe('a folder of small files that are alike', () => {
  it('travels in less than the files compressed one by one', async () => {
    const random = new SeededRandom(2);
    const common = seededText(random, 1500);
    const files = Array.from({ length: 1500 }, () => {
      return Buffer.concat([common, seededText(random, random.integer(1000))]);
    });
    const alone = files.map((file) => (BROTLI.compressNow(file, 5) ?? file).length);
    const heard = await heardOf(
      Object.fromEntries(files.map((file, i) => [`f${i}`, file])),
      '300kB/s',
    );
    expect(heard).toBeLessThan(0.8 * alone.reduce((sum, length) => sum + length, 0));
  });
});

/** Bytes to or from a relay, in a transfer of files by way of it that arrives whole. */
async function heardOf(
  files: Readonly<Record<string, Uint8Array>>,
  limit: string,
  flags: readonly string[] = [],
): Promise<number> {
  const server = await stage.server();
  const tap = await stage.wiretap(server);
  const [folder, out] = await Promise.all([stage.folder(), stage.folder()]);
  const source = join(folder, 'words');
  await mkdir(source);
  for (const [name, bytes] of Object.entries(files)) await writeFile(join(source, name), bytes);
  const relayed = { server: tap.endpoint };
  const slowly = ['--relay-only', '--limit', limit, ...flags];
  const sender = stage.send(source, { ...relayed, flags: slowly });
  const { code } = await sender.event('code');
  const receiver = stage.receive(code, { ...relayed, flags: ['--relay-only'], out });
  await expectSuccess(sender, receiver);
  for (const [name, bytes] of Object.entries(files)) {
    expect(Buffer.compare(await readFile(join(out, 'words', name)), bytes), name).toBe(0);
  }
  // Each byte came to the relay, and went from it.
  return tap.heard.length / 2;
}
