import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { describe, expect, it } from 'vitest';
import { WebSocket } from 'ws';
import type { WebSocketChannel } from '../../../src/io/network/websocket-channel.ts';
import {
  closing,
  connected,
  frame,
  listen,
  nextBatch,
  nextClose,
  RawClient,
  say,
  upgradeRequest,
} from '../support/websockets.ts';

const MAX_BATCH = 65_000;

/** A stranger's WebSocket to a channel of ours. */
async function stranger(): Promise<{ socket: WebSocket; channel: WebSocketChannel }> {
  const { address, accepted } = await listen();
  const socket = new WebSocket(`ws://127.0.0.1:${address.port}/`, 'p2pshare');
  closing({ close: () => socket.terminate() });
  await once(socket, 'open');
  return { socket, channel: await accepted() };
}

async function raw(): Promise<{ client: RawClient; channel: WebSocketChannel }> {
  const { address, accepted } = await listen();
  const client = new RawClient(address, upgradeRequest());
  await client.heard('\r\n\r\n');
  return { client, channel: await accepted() };
}

describe('a WebSocket channel', () => {
  it('carries a batch of any size either way as one', async () => {
    const { client, server } = await connected();
    for (const size of [1, 125, 126, 1200, MAX_BATCH]) {
      const batch = randomBytes(size);
      const there = nextBatch(server);
      say(client, client.remote, batch);
      expect((await there).equals(batch)).toBe(true);
      const back = nextBatch(client);
      say(server, server.remote, batch);
      expect((await back).equals(batch)).toBe(true);
    }
  });

  it('hands over memory that is copied when it is sliced, which that of a Buffer is not', async () => {
    const { client, server } = await connected();
    const batch = new Promise<Uint8Array>((resolve) => server.onBatch(resolve));
    say(client, client.remote, 'whole');
    const copy = (await batch).slice();
    copy.fill(0);
    expect(Buffer.from(await batch).toString()).toBe('whole');
  });

  it('names the same two ends on both sides', async () => {
    const { client, server, address } = await connected();
    expect(client.remote).toEqual(address);
    expect(server.local).toEqual(address);
    expect(server.remote).toEqual(client.local);
  });

  it('takes a message that comes byte by byte', async () => {
    const { client, channel } = await raw();
    const batch = nextBatch(channel);
    for (const byte of frame('a byte at a time')) {
      client.socket.write(Buffer.of(byte));
      await new Promise(setImmediate);
    }
    expect((await batch).toString()).toBe('a byte at a time');
  });

  it('takes a message that was cut into frames for one batch', async () => {
    const { socket, channel } = await stranger();
    const batch = nextBatch(channel);
    socket.send(Buffer.from('first, '), { fin: false });
    socket.send(Buffer.from('second, '), { fin: false });
    socket.send(Buffer.from('third'), { fin: true });
    expect((await batch).toString()).toBe('first, second, third');
  });
});

describe('a WebSocket channel with a stranger', () => {
  it('ends with who cuts a message into more frames than a batch has packets', async () => {
    const { socket, channel } = await stranger();
    const closed = once(socket, 'close');
    for (let i = 0; i < 65; i += 1) socket.send(Buffer.of(i), { fin: false });
    expect((await closed)[0]).toBe(1008);
    expect(channel.received).toBe(0);
  });

  it('ends with who sends more than a batch', async () => {
    const { socket, channel } = await stranger();
    const closed = once(socket, 'close');
    socket.send(Buffer.alloc(MAX_BATCH + 1));
    expect((await closed)[0]).toBe(1009);
    expect(channel.received).toBe(0);
  });

  it('ends with who sends text', async () => {
    const { socket, channel } = await stranger();
    const closed = once(socket, 'close');
    socket.send('text');
    socket.send(Buffer.from('bytes after it'));
    expect((await closed)[0]).toBe(1003);
    expect(channel.received).toBe(0);
  });

  it('ends with who sends what is no frame', async () => {
    const { client, channel } = await raw();
    client.socket.write(Buffer.of(0xff, 0xff, 0xff, 0xff));
    await client.ending();
    await nextClose(channel);
    expect(channel.received).toBe(0);
  });
});

describe('a WebSocket channel in trouble', () => {
  it('drops what a peer does not read, holds half a megabyte of it, and lets go of all', async () => {
    const { client, channel } = await raw();
    client.socket.pause();
    const batches = 1000;
    let released = 0;
    const release = () => {
      released += 1;
    };
    const payload = new Uint8Array(MAX_BATCH);
    for (let i = 0; i < batches; i += 1) {
      channel.send({ remote: channel.remote, payload, segmentSize: MAX_BATCH, release });
      expect(channel.pending).toBe(0);
      await new Promise(setImmediate);
    }
    expect(channel.dropped).toBeGreaterThan(0);
    // What the kernel has not taken is 8 batches at most: all others are let go of already.
    expect(released).toBeGreaterThanOrEqual(batches - 8);
    client.socket.destroy();
    await nextClose(channel);
    expect(released).toBe(batches);
  });

  it('tells of an abrupt end, and drops what is sent after it', async () => {
    const { client, channel } = await raw();
    const closed = nextClose(channel);
    client.socket.resetAndDestroy();
    await closed;
    expect(channel.open).toBe(false);
    const released = new Promise<void>((release) => {
      channel.send({ remote: channel.remote, payload: Buffer.from('x'), segmentSize: 1, release });
    });
    await released;
  });

  it('says what is queued before it closes', async () => {
    const { client, server } = await connected();
    const last = nextBatch(server);
    say(client, client.remote, 'goodbye');
    await client.close();
    expect((await last).toString()).toBe('goodbye');
    await nextClose(server);
  });

  it('does not wait for a goodbye that does not come', async () => {
    const { client, channel } = await raw();
    client.socket.pause();
    await channel.close();
    expect(channel.open).toBe(false);
  });
});
