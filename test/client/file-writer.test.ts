import { describe, expect, it } from 'vitest';
import { FileWriter } from '../../src/client/file-writer.ts';
import type { FileSink } from '../../src/io/file-sink.ts';
import { P2PShareError } from '../../src/protocol/errors.ts';

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

  it('lets nobody wait where it does not', async () => {
    const { writer, log, settled } = writerOf({ inOrder: false });
    writer.write(wish(30, 10));
    await settled();
    expect(log).toEqual(['written 30+10']);
  });

  it('writes nothing behind a gap that a failure has left', async () => {
    const { writer, log, settled } = writerOf({ inOrder: true, failsAt: 10 });
    for (const offset of [0, 10, 20]) {
      writer.write(wish(offset, 10));
      await settled();
    }
    expect(log).toEqual(['written 0+10', 'failed P2P_DISK_FULL']);
  });
});

function wish(offset: number, length: number) {
  return {
    kind: 'write',
    entry: 0,
    offset,
    bytes: new Uint8Array(length),
    length,
    copies: [],
    sum: 0n,
  } as const;
}

/** A writer with a log of what it tells, and a way to wait for it. */
function writerOf({ inOrder, failsAt }: { inOrder: boolean; failsAt?: number }) {
  const log: string[] = [];
  const sink: FileSink = {
    inOrder,
    write: async (_entry, offset) => {
      if (offset === failsAt) throw new P2PShareError('P2P_DISK_FULL', 'full');
    },
    settle: async () => undefined,
    publish: async () => [],
    close: async () => undefined,
    discard: async () => undefined,
  };
  const writer = new FileWriter(sink, {
    onWritten: (_entry, offset, length) => log.push(`written ${offset}+${length}`),
    onFailed: ({ code }) => log.push(`failed ${code}`),
  });
  return { writer, log, settled: () => new Promise((resolve) => setImmediate(resolve)) };
}
