import { describe, expect, it } from 'vitest';
import type { SessionRun } from '../../../src/client/session/session-run.ts';
import { FileReader } from '../../../src/client/source/file-reader.ts';
import { decompress } from '../../../src/io/compression/decompress.ts';
import type { EntryReader } from '../../../src/io/source/stream-reader.ts';
import type { SenderSession } from '../../../src/protocol/session/sender-session.ts';
import { SeededRandom } from '../../support/seeded-random.ts';
import { seededText } from '../../support/seeded-text.ts';

const TEXT = seededText(new SeededRandom(1), 100_000);
const LONG_MS = 10_000;
const PACE = { rate: 10, takesZstd: true };

describe('a reader of what is to be sent', () => {
  it('hands over what it has read', async () => {
    const { reader, run, handed } = readerOf();
    const wish = { entry: 0, offset: 0, length: TEXT.length, mayBeShort: false };
    reader.onEvent({ kind: 'read', ...wish }, run);
    const [, , bytes] = (await handed) as Parameters<SenderSession['handleRead']>;
    expect(Buffer.compare(bytes, TEXT)).toBe(0);
  });

  it('hands over what there is of a stream in no more memory than that takes, and says when there is none', async () => {
    const paused: unknown[] = [];
    const { reader, run, handed } = readerOf({ onPause: () => paused.push('paused') });
    reader.onEvent({ kind: 'read', entry: 0, offset: 0, length: 2 ** 20, mayBeShort: true }, run);
    const [, , bytes] = (await handed) as Parameters<SenderSession['handleRead']>;
    expect(Buffer.compare(bytes, TEXT)).toBe(0);
    expect(bytes.buffer.byteLength).toBeLessThan(2 ** 19);
    expect(paused).toEqual(['paused']);
  });

  it.each([
    ['one chunk', [TEXT]],
    ['several files together', [TEXT.subarray(0, 1000), TEXT.subarray(1000, 30_000)]],
  ])('compresses %s where there is time', async (_, pieces) => {
    const chunks = pieces.map((bytes, entry) => ({ entry, offset: 0, bytes }));
    const { reader, run, handed } = readerOf();
    reader.onEvent({ kind: 'compress', chunks, ...PACE, waitMs: LONG_MS }, run);
    const [given, compressed] = (await handed) as Parameters<SenderSession['handleCompressed']>;
    expect(given).toBe(chunks);
    const plain = Buffer.concat(pieces);
    expect(await decompress(compressed as Uint8Array, plain.length)).toEqual(plain);
  });

  it('gives a chunk back as it is where there is none', async () => {
    const chunks = [{ entry: 0, offset: 0, bytes: TEXT }];
    const { reader, run, handed } = readerOf();
    reader.onEvent({ kind: 'compress', chunks, ...PACE, waitMs: 0 }, run);
    expect((await handed).slice(0, 2)).toEqual([chunks, undefined]);
  });
});

/** A reader of a text, and what it hands to its session. */
function readerOf({ onPause }: { readonly onPause?: () => void } = {}) {
  const source = {
    read: async (...[, , buffer, onSourcePause]: Parameters<EntryReader['read']>) => {
      onSourcePause?.();
      buffer.set(TEXT);
      return TEXT.length;
    },
  } as Partial<EntryReader> as EntryReader;
  let hand: (parts: unknown[]) => void = () => undefined;
  const handed = new Promise<unknown[]>((resolve) => {
    hand = resolve;
  });
  const session = {
    handleRead: (...parts: unknown[]) => hand(parts),
    handlePause: onPause,
    handleCompressed: (...parts: unknown[]) => hand(parts),
  };
  const run = {
    session,
    report: (action: (on: typeof session, now: number) => void) => action(session, 0),
  } as unknown as SessionRun<SenderSession>;
  return { reader: new FileReader(source, { onOmitted: undefined, zstd: undefined }), run, handed };
}
