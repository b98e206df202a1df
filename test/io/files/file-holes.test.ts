import { mkdtemp, readFile, rm, stat } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { denseRuns } from '../../../src/io/files/file-holes.ts';
import type { FileEntry } from '../../../src/protocol/transfer/entries/entry.ts';
import {
  type EntryName,
  parseEntryName,
} from '../../../src/protocol/transfer/entries/entry-name.ts';
import { OneFileSink } from '../../support/one-file-sink.ts';
import { SeededRandom } from '../../support/seeded-random.ts';
import { forEachSeed } from '../../support/seeds.ts';

const PIECE = 64 * 1024;
const MIB = 2 ** 20;

/** Where each run begins and how long it is. */
const shape = (offset: number, buffers: readonly Uint8Array[]): number[][] =>
  denseRuns(offset, buffers).map((run) => [
    run.offset,
    run.buffers.reduce((sum, { length }) => sum + length, 0),
  ]);

describe('the dense runs of what is to be written', () => {
  const zeros = new Uint8Array(4 * PIECE);
  const dense = zeros.map(() => 1);

  it('are none in zeros and one in everything else', () => {
    expect(shape(7, [])).toEqual([]);
    expect(shape(7, [zeros, zeros])).toEqual([]);
    expect(shape(7, [dense, dense])).toEqual([[7, 8 * PIECE]]);
    expect(denseRuns(7, [dense])[0]?.buffers).toEqual([dense]);
  });

  it('leave whole pieces out, also a shorter one at the end', () => {
    const late = zeros.slice(0, 3 * PIECE + 5);
    late[PIECE] = 1;
    expect(shape(MIB, [late])).toEqual([[MIB + PIECE, PIECE]]);
    expect(shape(0, [dense, late, dense])).toEqual([
      [0, 4 * PIECE],
      [5 * PIECE, PIECE],
      [7 * PIECE + 5, 4 * PIECE],
    ]);
  });

  forEachSeed('say the same as the buffers', 100, (seed) => {
    const random = new SeededRandom(seed);
    const buffers = Array.from({ length: 4 }, () => patchy(random, random.integer(5 * PIECE)));
    const all = Buffer.concat(buffers);
    const file = Buffer.alloc(all.length);
    for (const { offset, buffers: run } of denseRuns(100, buffers)) {
      file.set(Buffer.concat(run), offset - 100);
    }
    expect(Buffer.compare(file, all)).toBe(0);
  });
});

describe('a file with holes', () => {
  let directory: string;

  beforeEach(async () => {
    directory = await mkdtemp(join(tmpdir(), 'p2pshare-holes-'));
  });

  afterEach(async () => {
    await rm(directory, { recursive: true, force: true });
  });

  it('has its size and bytes, and takes no more place than they need', async () => {
    const bytes = new Uint8Array(16 * MIB);
    bytes.set(new SeededRandom(1).bytes(MIB), 4 * MIB);
    const path = await received(bytes);
    expect(Buffer.compare(await readFile(path), bytes)).toBe(0);
    const { blocks, size } = await stat(path);
    expect(size).toBe(16 * MIB);
    expect(blocks * 512).toBeGreaterThanOrEqual(MIB);
    // Where there are no holes, zeros are as good; that is so nowhere on Linux but on FAT.
    if (process.platform === 'linux') expect(blocks * 512).toBeLessThan(2 * MIB);
  });

  it('may be nothing but a hole', async () => {
    const path = await received(new Uint8Array(3 * MIB + 1));
    expect((await stat(path)).size).toBe(3 * MIB + 1);
  });

  /** Writes it as a transfer does, the last chunk first, and yields its path. */
  async function received(bytes: Uint8Array): Promise<string> {
    const path = [parseEntryName('a') as EntryName];
    const size = bytes.length;
    const entry: FileEntry = { kind: 'file', path, size, mtimeMs: 0, mode: 0o644, version: 1n };
    const options = { target: { directory }, entry, onConflict: 'fail', chunkBytes: MIB } as const;
    const sink = await OneFileSink.open(options);
    for (let at = Math.floor(size / MIB) * MIB; at >= 0; at -= MIB) {
      await sink.write(at, [bytes.subarray(at, at + MIB)]);
    }
    return await sink.publish();
  }
});

/** Zeros with some bytes among them. */
function patchy(random: SeededRandom, length: number): Uint8Array {
  const bytes = new Uint8Array(length);
  for (let i = random.integer(4); i > 0 && length > 0; i -= 1) bytes[random.integer(length)] = 1;
  return bytes;
}
