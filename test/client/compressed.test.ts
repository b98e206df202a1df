import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import type { RunningServer } from '../../src/client/api/options.ts';
import { receive } from '../../src/client/receive.ts';
import { send } from '../../src/client/send.ts';
import { BROTLI } from '../../src/io/compression/brotli.ts';
import { zstd } from '../../src/io/compression/zstd.ts';
import { serve } from '../../src/server/serve.ts';
import { SeededRandom } from '../support/seeded-random.ts';
import { seededText } from '../support/seeded-text.ts';
import { told } from './told.ts';

const MIB = 2 ** 20;
const TEXT = seededText(new SeededRandom(1), 6 * MIB);
const codec = await zstd();
if (codec === undefined) console.warn('compressed: tested with Brotli alone: no Zstandard here');

let server: RunningServer;
let folder: string;

beforeEach(async () => {
  server = await serve({ listen: '127.0.0.1:0' });
  folder = await mkdtemp(join(tmpdir(), 'p2pshare-compressed-'));
});

afterEach(async () => {
  vi.restoreAllMocks();
  vi.unstubAllEnvs();
  await server.close();
  await rm(folder, { recursive: true, force: true });
});

describe('a text on a slow network', () => {
  it.skipIf(codec === undefined)('is compressed by Zstandard where both have it', async () => {
    const ways = codec as NonNullable<typeof codec>;
    const [by, from] = [vi.spyOn(ways, 'compress'), vi.spyOn(ways, 'decompress')];
    await expectWhole();
    expect(by.mock.calls.length).toBeGreaterThan(0);
    expect(from.mock.calls.length).toBeGreaterThan(0);
  });

  it('is compressed by Brotli where a receiver has nothing else', async () => {
    const [by, from] = [vi.spyOn(BROTLI, 'compress'), vi.spyOn(BROTLI, 'decompress')];
    vi.stubEnv('P2PSHARE_NO_ZSTD', '1');
    await expectWhole();
    expect(by.mock.calls.length).toBeGreaterThan(0);
    expect(from.mock.calls.length).toBeGreaterThan(0);
  });
});

/** Sends the text at 3 MiB a second, and looks at what has come. */
async function expectWhole(): Promise<void> {
  const [path, out] = [join(folder, 'words.txt'), join(folder, 'copy.txt')];
  await writeFile(path, TEXT);
  const ways = { servers: server.endpoints, lan: false, portMapping: false, limit: 3 * MIB };
  const sender = send({ ...ways, paths: [path] });
  const code = await told(sender, (event) => (event.event === 'code' ? event.code : undefined));
  const receiver = receive({ ...ways, code, out });
  await Promise.all([sender.result, receiver.result]);
  expect(Buffer.compare(await readFile(out), TEXT)).toBe(0);
}
