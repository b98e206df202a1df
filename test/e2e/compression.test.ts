import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterEach, beforeAll, describe, expect, it } from 'vitest';
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
    expect(await heardOf([])).toBeLessThan(TEXT.length * 0.7);
  });

  it('travels as it is where that is wished', async () => {
    expect(await heardOf(['--no-compress'])).toBeGreaterThan(TEXT.length);
  });
});

/** Bytes to or from a relay, in a transfer by way of it that arrives whole. */
async function heardOf(flags: readonly string[]): Promise<number> {
  const server = await stage.server();
  const tap = await stage.wiretap(server);
  const [folder, out] = await Promise.all([stage.folder(), stage.folder()]);
  const file = join(folder, 'words.txt');
  await writeFile(file, TEXT);
  const relayed = { server: tap.endpoint };
  const slowly = ['--relay-only', '--limit', '8MB/s', ...flags];
  const sender = stage.send(file, { ...relayed, flags: slowly });
  const { code } = await sender.event('code');
  const receiver = stage.receive(code, { ...relayed, flags: ['--relay-only'], out });
  await expectSuccess(sender, receiver);
  expect(Buffer.compare(await readFile(join(out, 'words.txt')), TEXT)).toBe(0);
  // Each byte came to the relay, and went from it.
  return tap.heard.length / 2;
}
