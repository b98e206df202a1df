import { PassThrough } from 'node:stream';
import { describe, expect, it, vi } from 'vitest';
import { StreamReader } from '../../../src/io/source/stream-reader.ts';

const SIZE = 16;

/** A reader of what is written to a stream, each read `SIZE` bytes behind the one before. */
function reading() {
  const stream = new PassThrough();
  const reader = new StreamReader(stream);
  let offset = 0;
  const read = async (onPause?: () => void): Promise<string> => {
    const into = Buffer.alloc(SIZE);
    const at = offset;
    offset += SIZE;
    const length = await reader.read(0, at, into, onPause);
    return into.toString('latin1', 0, length);
  };
  return { stream, read };
}

const ignore = () => undefined;

/** So that what was written has been read by itself. */
async function turns(): Promise<void> {
  for (let left = 10; left > 0; left -= 1) await new Promise(setImmediate);
}

describe('a reader of a stream', () => {
  it('waits until it has all that it was asked for, or there is no more', async () => {
    const { stream, read } = reading();
    stream.write('0123456789');
    const first = read();
    stream.write('abcdefghij');
    expect(await first).toBe('0123456789abcdef');
    const second = read();
    stream.end('!');
    expect([await second, await read()]).toEqual(['ghij!', '']);
  });

  it('yields what there is after a moment where that is enough', async () => {
    const { stream, read } = reading();
    stream.write('one');
    expect(await read(ignore)).toBe('one');
    const second = read(ignore);
    stream.write('two, and ');
    await turns();
    stream.write('a good deal more');
    expect(await second).toBe('two, and a good ');
    stream.end('!');
    expect([await read(ignore), await read(ignore)]).toEqual(['deal more!', '']);
  });

  it('lets what comes after a pause wait for nothing more, and what is there already for a moment', async () => {
    vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout', 'performance'] });
    try {
      const { stream, read } = reading();
      const within = async (ms: number, text: Promise<string>) => {
        await turns();
        await vi.advanceTimersByTimeAsync(ms);
        return await Promise.race([text, turns().then(() => 'nothing yet')]);
      };
      const first = read(ignore);
      expect(await within(1000, first)).toBe('nothing yet');
      stream.write('one');
      expect(await within(0, first)).toBe('one');
      stream.write('two');
      const second = read(ignore);
      expect(await within(90, second)).toBe('nothing yet');
      stream.write(' and three');
      expect(await within(10, second)).toBe('two and three');
    } finally {
      vi.useRealTimers();
    }
  });
});

describe('a reader of a stream that makes a pause', () => {
  it('tells when nothing has come for a moment, once, and waits on', async () => {
    const { stream, read } = reading();
    let pauses = 0;
    const paused = new Promise<void>((resolve) => {
      void read(() => {
        pauses += 1;
        resolve();
      }).then((text) => stream.emit('text', text));
    });
    await paused;
    const text = new Promise((resolve) => stream.once('text', resolve));
    stream.write('late');
    expect([await text, pauses]).toEqual(['late', 1]);
  });

  it('tells of no pause where something is there', async () => {
    const { stream, read } = reading();
    stream.end('at once');
    expect(await read(() => expect.unreachable())).toBe('at once');
  });

  it('tells of an error that came while what was there was handed over', async () => {
    const { stream, read } = reading();
    stream.write('one');
    expect(await read(ignore)).toBe('one');
    stream.destroy(new Error('pulled out'));
    await expect(read(ignore)).rejects.toMatchObject({ code: 'P2P_SOURCE_UNREADABLE' });
    await expect(read(ignore)).rejects.toMatchObject({ code: 'P2P_SOURCE_UNREADABLE' });
  });
});
