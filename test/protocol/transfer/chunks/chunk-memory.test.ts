import { expect, it } from 'vitest';
import { ChunkMemory } from '../../../../src/protocol/transfer/chunks/chunk-memory.ts';
import { TRANSFER_LIMITS } from '../../../../src/protocol/transfer/limits.ts';
import { SeededRandom } from '../../../support/seeded-random.ts';
import { forEachSeed } from '../../../support/seeds.ts';

const CHUNK = 2 ** 20;

it('uses the memory of small chunks again, of about the same size', () => {
  const memory = new ChunkMemory(CHUNK);
  const first = memory.take(3000);
  memory.giveBack(first);
  const second = memory.take(4000);
  expect(second.buffer).toBe(first.buffer);
  expect(second).toHaveLength(4000);
  expect(memory.take(4000).buffer).not.toBe(first.buffer);
});

it('uses the memory of full chunks again', () => {
  const memory = new ChunkMemory(CHUNK);
  const chunk = memory.take(CHUNK);
  memory.giveBack(chunk);
  expect(memory.take(CHUNK)).toBe(chunk);
});

it('keeps no more small memory than it may', () => {
  const memory = new ChunkMemory(CHUNK);
  const count = (2 * TRANSFER_LIMITS.pooledSmallBytes) / 2 ** 16;
  const lent = Array.from({ length: count }, () => memory.take(2 ** 16));
  for (const bytes of lent) memory.giveBack(bytes);
  const known = new Set(lent.map(({ buffer }) => buffer));
  const again = Array.from({ length: count }, () => memory.take(2 ** 16));
  expect(again.filter(({ buffer }) => known.has(buffer))).toHaveLength(count / 2);
});

it('has memory for nothing', () => {
  const memory = new ChunkMemory(CHUNK);
  const nothing = memory.take(0);
  expect(nothing).toHaveLength(0);
  memory.giveBack(nothing);
});

forEachSeed('never lends the same memory to two', 100, (seed) => {
  const random = new SeededRandom(seed);
  const memory = new ChunkMemory(CHUNK);
  const lent: Uint8Array[] = [];
  for (let step = 0; step < 200; step += 1) {
    if (lent.length > 0 && random.chance(0.5)) {
      for (const bytes of lent.splice(random.integer(lent.length), 1)) {
        // What a stream ends in comes back shorter than it was lent.
        memory.giveBack(random.chance(0.1) ? bytes.subarray(0, 1) : bytes);
      }
      continue;
    }
    const bytes = memory.take(
      random.chance(0.1) ? CHUNK : 1 + random.integer(2 ** random.integer(18)),
    );
    expect(lent.map(({ buffer }) => buffer)).not.toContain(bytes.buffer);
    lent.push(bytes);
  }
});
