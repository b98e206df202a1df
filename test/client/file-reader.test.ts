import { describe, expect, it } from 'vitest';
import { FileReader } from '../../src/client/file-reader.ts';
import type { SessionRun } from '../../src/client/session-run.ts';
import type { EntryReader } from '../../src/io/stream-reader.ts';
import type { SenderSession } from '../../src/protocol/session/sender-session.ts';
import { SeededRandom } from '../support/seeded-random.ts';
import { seededText } from '../support/seeded-text.ts';

const TEXT = seededText(new SeededRandom(1), 100_000);
const LONG_MS = 10_000;

describe('a reader of what is to be sent', () => {
  it.each([
    ['compressed where both sides want that and there is time', true, true, LONG_MS, true],
    ['as it is for a receiver that does not know of compression', false, true, LONG_MS, false],
    ['as it is where that is wished', true, false, LONG_MS, false],
    ['as it is where there is no time', true, true, 0, false],
  ])('hands a chunk over %s', async (_, takesCompressed, compresses, waitMs, isCompressed) => {
    const source = {
      read: async (_entry: number, _offset: number, buffer: Uint8Array) => {
        buffer.set(TEXT);
        return TEXT.length;
      },
    } as Partial<EntryReader> as EntryReader;
    const reader = new FileReader(source, { compresses, onOmitted: undefined });
    const handed = new Promise<Parameters<SenderSession['handleRead']>>((resolve) => {
      const session = {
        waitMs: () => waitMs,
        handleRead: (...parts: Parameters<SenderSession['handleRead']>) => resolve(parts),
      };
      const run = {
        session,
        report: (action: (on: typeof session, now: number) => void) => action(session, 0),
      } as unknown as SessionRun<SenderSession>;
      reader.onEvent({ kind: 'accepted', takesCompressed }, run);
      reader.onEvent({ kind: 'read', entry: 0, offset: 0, length: TEXT.length }, run);
    });
    const [, , bytes, , compressed] = await handed;
    expect(Buffer.compare(bytes, TEXT)).toBe(0);
    expect(compressed !== undefined).toBe(isCompressed);
  });
});
