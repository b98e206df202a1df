import { beforeAll, describe, expect, it } from 'vitest';
import { createHasher } from '../../../src/crypto/xxhash.ts';
import type { Hasher } from '../../../src/protocol/ports.ts';
import type { Holdings } from '../../../src/protocol/transfer/messages/answer-message.ts';
import { endFrame } from '../../../src/protocol/transfer/messages/frame.ts';
import { TransferReceiver } from '../../../src/protocol/transfer/transfer-receiver.ts';
import { SeededRandom } from '../../support/seeded-random.ts';
import { forEachSeed } from '../../support/seeds.ts';
import { data, expectFailed, message, offer } from './receiver-support.ts';
import { fileEntry, TransferPair } from './transfer-pair.ts';

const CHUNK = 1024;

let hasher: Hasher;
beforeAll(async () => {
  hasher = await createHasher();
});

/** Sends `files` in a folder, of which some change from an offset on. */
function send(
  seed: number,
  files: readonly Uint8Array[],
  changed: ReadonlyMap<number, number>,
  holdings?: Holdings,
): TransferPair {
  const random = new SeededRandom(seed);
  const pair = new TransferPair({
    ...{ files, changed, hasher, random, chunkBytes: CHUNK },
    ...(holdings && { holdings }),
    recordBytes: () => 1200 + random.integer(5000),
    readAhead: 1 + random.integer(6),
  });
  pair.run();
  return pair;
}

describe('files that change while they are sent', () => {
  forEachSeed('are left out, and nothing else is', 200, (seed) => {
    const random = new SeededRandom(seed);
    const files = Array.from({ length: 1 + random.integer(8) }, () =>
      random.bytes(random.integer(9 * CHUNK)),
    );
    const changed = new Map<number, number>();
    for (const [index, { length }] of files.entries()) {
      if (random.chance(0.4)) changed.set(index, random.integer(length + CHUNK));
    }
    const pair = send(seed, files, changed);
    // Of what has changed behind its last chunk nobody learns here.
    const gone = [...changed].filter(([index, from]) => lastChunk(files[index]) >= from);
    expect(pair.senderEvents.map(({ kind }) => kind)).toEqual(['accepted', 'sent', 'verified']);
    const complete = pair.receiverEvents.at(-1);
    expect(complete).toMatchObject({ kind: 'complete' });
    const omitted = complete?.kind === 'complete' ? [...complete.omitted].sort() : [];
    expect(omitted).toEqual(gone.map(([index]) => index).sort());
    for (const [index, file] of files.entries()) {
      if (omitted.includes(index)) continue;
      expect(Buffer.compare(pair.received[index] as Uint8Array, file), `${index}`).toBe(0);
    }
    expect(pair.consumed).toBe(pair.handedIn);
  });

  it('end the transfer where the receiver holds a later part: what it has would be neither', () => {
    const have = [{ entry: 0, first: 3, count: 1 }];
    const file = new SeededRandom(1).bytes(5 * CHUNK);
    const { senderEvents } = send(1, [file], new Map([[0, CHUNK]]), {
      ...{ skipped: [], bases: [] },
      have,
    });
    expect(senderEvents.at(-1)).toMatchObject({ kind: 'failed', code: 'P2P_SOURCE_CHANGED' });
  });

  it('may have been held up to where they changed', () => {
    const have = [{ entry: 0, first: 0, count: 2 }];
    const file = new SeededRandom(1).bytes(5 * CHUNK);
    const { receiverEvents } = send(1, [file], new Map([[0, 3 * CHUNK]]), {
      ...{ skipped: [], bases: [] },
      have,
    });
    expect(receiverEvents.at(-1)).toEqual({ kind: 'complete', omitted: [0] });
  });
});

describe('a receiver of what a sender leaves out', () => {
  it.each<[string, Uint8Array[]]>([
    ['twice', [endFrame(0, CHUNK), endFrame(0, CHUNK)]],
    ['in the middle of a chunk', [endFrame(0, 1000)]],
    ['at its end', [endFrame(0, 3000)]],
    ['behind its end', [endFrame(0, 4 * CHUNK)]],
    ['before what has come', [data(0, CHUNK, 10), endFrame(0, CHUNK)]],
    ['and sends on', [endFrame(0, CHUNK), data(0, CHUNK, 10)]],
  ])('takes none that is left out %s', (_, records) => {
    const receiver = new TransferReceiver({ hasher });
    receiver.handleRecord(message(0, offer([fileEntry('a', 3000, 'folder')])));
    expect(receiver.pollEvent()).toMatchObject({ kind: 'offer' });
    receiver.accept();
    receiver.pollRecord(1200);
    for (const record of records) receiver.handleRecord(record);
    expectFailed(receiver, 'P2P_PROTOCOL');
  });
});

function lastChunk(file: Uint8Array | undefined): number {
  const { length } = file ?? { length: 0 };
  return length === 0 ? -1 : Math.floor((length - 1) / CHUNK) * CHUNK;
}
