import { brotliCompressSync } from 'node:zlib';
import { beforeAll, describe, expect, it } from 'vitest';
import { FileWriter, type WriteListener } from '../../../src/client/receiving/file-writer.ts';
import { createHasher } from '../../../src/crypto/xxhash.ts';
import type { FileSink } from '../../../src/io/target/file-sink.ts';
import { P2PShareError } from '../../../src/protocol/errors.ts';
import type { Hasher } from '../../../src/protocol/ports.ts';
import { SeededRandom } from '../../support/seeded-random.ts';
import { forEachSeed } from '../../support/seeds.ts';

const CHUNK = 10;

let hasher: Hasher;
beforeAll(async () => {
  hasher = await createHasher();
});

describe('a writer', () => {
  it('writes what came early only when its turn comes, where order matters', async () => {
    const { writer, log, settled } = writerOf({ inOrder: true });
    writer.write(wish(30, 10));
    writer.write(wish(10, 10));
    await settled();
    expect(log).toEqual([]);
    writer.write(wish(0, 10));
    await settled();
    expect(log).toEqual(['written 0+20']);
    writer.write(wish(20, 10));
    await settled();
    expect(log).toEqual(['written 0+20', 'written 20+20']);
  });

  it('goes on behind a short chunk where the next one would begin behind a full one', async () => {
    const { writer, log, settled } = writerOf({ inOrder: true });
    for (const [offset, length] of [
      [20, 10],
      [10, 3],
      [0, 10],
      [30, 1],
    ] as const) {
      writer.write(wish(offset, length));
    }
    await settled();
    expect(log).toEqual(['written 0+13', 'written 20+11']);
  });

  it('lets nobody wait where it does not', async () => {
    const { writer, log, settled } = writerOf({ inOrder: false });
    writer.write(wish(30, 10));
    await settled();
    expect(log).toEqual(['written 30+10']);
  });
});

describe('a writer of a file', () => {
  it('writes nothing behind a gap that a failure has left', async () => {
    const { writer, log, settled } = writerOf({ inOrder: true, failsAt: 10 });
    for (const offset of [0, 10, 20]) {
      writer.write(wish(offset, 10));
      await settled();
    }
    expect(log).toEqual(['written 0+10', 'failed P2P_DISK_FULL']);
  });

  forEachSeed('writes each chunk once, and no two of a file at a time', 100, async (seed) => {
    const random = new SeededRandom(seed);
    const wishes = Array.from({ length: 1 + random.integer(40) }, (_, entry) => {
      const chunks = 1 + random.integer(entry % 8 === 0 ? 60 : 3);
      const last = 1 + random.integer(CHUNK);
      return Array.from({ length: chunks }, (_, index) =>
        wish(index * CHUNK, index === chunks - 1 ? last : CHUNK, entry),
      );
    }).flat();
    const [written, writing] = [new Map<string, number>(), new Set<number>()];
    const write: FileSink['write'] = async (entry, offset, buffers, sums) => {
      expect(writing.has(entry)).toBe(false);
      writing.add(entry);
      for (let turns = random.integer(4); turns > 0; turns -= 1) await undefined;
      if (random.chance(0.1)) await new Promise(setImmediate);
      writing.delete(entry);
      expect(sums).toHaveLength(buffers.length);
      let at = offset;
      for (const { length } of buffers) {
        written.set(`${entry}:${at}`, length);
        at += length;
      }
    };
    const { writer, settled } = writerOf({ inOrder: false, write });
    for (const each of shuffled(wishes, random)) {
      writer.write(each);
      if (random.chance(0.1)) await undefined;
    }
    while (writer.isBusy) await settled();
    const wanted = wishes.map(({ entry, offset, length }) => [`${entry}:${offset}`, length]);
    expect(Object.fromEntries(written)).toEqual(Object.fromEntries(wanted));
    expect(written.size).toBe(wishes.length);
  });
});

describe('a writer of compressed chunks', () => {
  it('decompresses what came compressed, and writes it with what came plain', async () => {
    const text = Buffer.from('ho'.repeat(CHUNK / 2));
    const written: Buffer[] = [];
    const write: FileSink['write'] = async (_entry, _offset, buffers) => {
      written.push(Buffer.concat(buffers));
    };
    const { writer, log, told } = writerOf({ inOrder: true, write });
    writer.write(wish(CHUNK, CHUNK));
    writer.write(compressedWish(2 * CHUNK, text, hasher.xxh64(text)));
    writer.write(compressedWish(0, text, hasher.xxh64(text)));
    await told;
    expect(log).toEqual(['written 0+30']);
    expect(Buffer.concat(written)).toEqual(Buffer.concat([text, Buffer.alloc(CHUNK), text]));
  });

  it.each([
    ['with another sum', () => compressedWish(0, Buffer.alloc(CHUNK, 'a'), 7n)],
    ['of another length', () => compressedWish(0, Buffer.alloc(CHUNK + 1), 0n)],
    ['that is none', () => ({ ...wish(0, CHUNK), isCompressed: true })],
  ])('writes nothing of a compressed chunk %s', async (_, bad) => {
    const { writer, log, told } = writerOf({ inOrder: true });
    writer.write(bad());
    await told;
    expect(log).toEqual(['failed P2P_INTEGRITY']);
  });
});

describe('a writer of small files that came together', () => {
  it('writes each of them, and tells of each', async () => {
    const written = new Map<number, string>();
    const write: FileSink['write'] = async (entry, offset, buffers, sums) => {
      const [bytes = new Uint8Array(0)] = buffers;
      expect([offset, buffers.length, sums]).toEqual([0, 1, [hasher.xxh64(bytes)]]);
      written.set(entry, Buffer.from(bytes).toString());
    };
    const { writer, log, settled } = writerOf({ inOrder: false, write });
    writer.write(groupWish(['a', 'bb', 'ccc']));
    writer.write(groupWish(['dd', 'e'], 3));
    while (writer.isBusy) await settled();
    expect([...written.values()]).toEqual(['a', 'bb', 'ccc', 'dd', 'e']);
    expect(log).toEqual([1, 2, 3, 2, 1].map((length) => `written 0+${length}`));
  });

  it.each([
    ['one of which has another sum', () => withFile(1, { sum: 7n })],
    ['that is shorter', () => withFile(1, { length: 3 })],
    ['that is longer', () => withFile(1, { length: 1 })],
    ['that is none', () => ({ ...groupWish(['a', 'bb']), bytes: Buffer.from('no') })],
  ])('writes nothing of a group %s', async (_, bad) => {
    const { writer, log, told, settled } = writerOf({ inOrder: false });
    writer.write(bad());
    writer.write(groupWish(['ccc', 'd'], 2));
    await told;
    await settled();
    expect(log).toEqual(['failed P2P_INTEGRITY']);
  });

  function withFile(index: number, change: { sum?: bigint; length?: number }) {
    const { files, ...rest } = groupWish(['a', 'bb']);
    return {
      ...rest,
      files: files.map((file, i) => (i === index ? { ...file, ...change } : file)),
    };
  }
});

/** Files of these texts, from an entry on. */
function groupWish(texts: readonly string[], first = 0) {
  const files = texts.map((text, index) => {
    return { entry: first + index, length: text.length, sum: hasher.xxh64(Buffer.from(text)) };
  });
  return {
    kind: 'write-group',
    files,
    bytes: brotliCompressSync(Buffer.from(texts.join(''))),
  } as const;
}

function shuffled<T>(items: readonly T[], random: SeededRandom): T[] {
  return items
    .map((item) => ({ item, key: random.uniform() }))
    .sort((a, b) => a.key - b.key)
    .map(({ item }) => item);
}

function wish(offset: number, length: number, entry = 0) {
  return {
    kind: 'write',
    entry,
    offset,
    bytes: new Uint8Array(length),
    length,
    copies: [],
    isCompressed: false,
    sum: 0n,
  } as const;
}

function compressedWish(offset: number, bytes: Uint8Array, sum: bigint) {
  return { ...wish(offset, CHUNK), bytes: brotliCompressSync(bytes), isCompressed: true, sum };
}

/** A writer with a log of what it tells, the first time it does, and a way to wait for it. */
function writerOf(options: { inOrder: boolean; failsAt?: number; write?: FileSink['write'] }) {
  const { inOrder, failsAt } = options;
  const log: string[] = [];
  const sink: FileSink = {
    inOrder,
    write:
      options.write ??
      (async (_entry, offset) => {
        if (offset === failsAt) throw new P2PShareError('P2P_DISK_FULL', 'full');
      }),
    settle: async () => 0,
    publish: async () => [],
    close: async () => undefined,
    discard: async () => undefined,
  };
  let onTold: (lines: number) => void = () => undefined;
  const told = new Promise<number>((resolve) => {
    onTold = resolve;
  });
  const listener: WriteListener = {
    onWritten: (_entry, offset, length) => onTold(log.push(`written ${offset}+${length}`)),
    onFailed: ({ code }) => onTold(log.push(`failed ${code}`)),
  };
  const writer = new FileWriter(sink, listener, { chunkBytes: CHUNK, hasher });
  const settled = () => new Promise((resolve) => setImmediate(resolve));
  return { writer, log, settled, told };
}
