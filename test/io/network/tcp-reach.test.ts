import { once } from 'node:events';
import { createServer } from 'node:net';
import { describe, expect, it } from 'vitest';
import { reachByTcp } from '../../../src/io/network/tcp-reach.ts';

const NEVER = new AbortController().signal;

/** The port of a listener that is there while `use` runs. */
async function listening<T>(use: (port: number) => Promise<T>): Promise<T> {
  const server = createServer((socket) => socket.destroy()).listen(0, '127.0.0.1');
  await once(server, 'listening');
  try {
    const address = server.address();
    if (address === null || typeof address === 'string') throw new Error('no port');
    return await use(address.port);
  } finally {
    server.close();
  }
}

describe('a TCP connection', () => {
  it('is accepted where somebody listens, and leaves nothing open', async () => {
    await listening(async (port) => {
      expect(await reachByTcp({ address: '127.0.0.1', port }, NEVER)).toBe('accepted');
    });
  });

  it('is refused where nobody does', async () => {
    const port = await listening(async (was) => was);
    expect(await reachByTcp({ address: '127.0.0.1', port }, NEVER)).toBe('refused');
  });

  it('is not answered once the time is over', async () => {
    await listening(async (port) => {
      const end = AbortSignal.abort();
      expect(await reachByTcp({ address: '127.0.0.1', port }, end)).toBe('unanswered');
    });
  });

  it('is unreachable where the system has no way', async () => {
    // A multicast address: no system connects to it by TCP.
    expect(await reachByTcp({ address: '224.0.0.1', port: 9 }, NEVER)).toBe('unreachable');
  });
});
