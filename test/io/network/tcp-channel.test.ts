import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { type AddressInfo, connect, createServer, type Socket } from 'node:net';
import { describe, expect, it } from 'vitest';
import { TcpChannel } from '../../../src/io/network/tcp-channel.ts';
import { openSimultaneously } from '../../../src/io/network/tcp-simultaneous-open.ts';
import type { Endpoint } from '../../../src/protocol/wire/endpoint.ts';
import { closing, dial, listen, listenTcp, nextBatch } from '../support/websockets.ts';

const NO_ID = new Uint8Array(8);

/** A packet of so many bytes, as its prefix says; only the prefix matters here. */
function packet(length: number): Buffer {
  const bytes = randomBytes(length);
  bytes.set(NO_ID);
  bytes[8] = 0x40;
  bytes.writeUInt16BE(length, 9);
  return bytes;
}

/** A channel, and the socket of whoever is at its other end. */
async function pair(): Promise<{ channel: TcpChannel; peer: Socket; remote: Endpoint }> {
  let accept: (socket: Socket) => void = () => undefined;
  const accepted = new Promise<Socket>((resolve) => {
    accept = resolve;
  });
  const remote = await listenTcp((socket) => accept(socket));
  const socket = connect(remote.port, remote.address);
  await once(socket, 'connect');
  const local = { address: '127.0.0.1', port: socket.localPort ?? 0 };
  const channel = closing(new TcpChannel(socket, { remote, local }));
  return { channel, peer: await accepted, remote };
}

/** Everything that a channel hands over, until it is so many bytes. */
function receive(channel: TcpChannel, bytes: number): Promise<Buffer[]> {
  const batches: Buffer[] = [];
  return new Promise((resolve) => {
    channel.onBatch((batch) => {
      batches.push(Buffer.from(batch));
      if (batches.reduce((sum, { length }) => sum + length, 0) >= bytes) resolve(batches);
    });
  });
}

/** Resolves when a connection to the port has been refused. */
async function refused(port: number): Promise<void> {
  const socket = connect(port, '127.0.0.1');
  await once(socket, 'error');
}

function closed(channel: TcpChannel): Promise<void> {
  return new Promise((resolve) => channel.onClose(resolve));
}

describe('a bare TCP channel', () => {
  it('hands over whole packets, however the stream is cut', async () => {
    const { channel, peer } = await pair();
    const sent = Buffer.concat([packet(11), packet(1200), packet(65_535), packet(300)]);
    const received = receive(channel, sent.length);
    for (const cut of [5, 9, 11, 700, 30_000, 66_000, sent.length]) {
      const piece = sent.subarray(peer.bytesWritten, cut);
      await new Promise((resolve) => peer.write(piece, resolve));
      await new Promise(setImmediate);
    }
    const batches = await received;
    expect(Buffer.concat(batches).equals(sent)).toBe(true);
    for (const batch of batches) {
      let at = 0;
      while (at < batch.length) at += batch.readUInt16BE(at + 9);
      expect(at).toBe(batch.length);
    }
  });

  it('hands over memory that is copied when it is sliced', async () => {
    const { channel, peer } = await pair();
    const batch = new Promise<Uint8Array>((resolve) => channel.onBatch(resolve));
    const sent = packet(100);
    peer.write(sent);
    (await batch).slice().fill(0);
    expect(Buffer.from(await batch).equals(sent)).toBe(true);
  });

  it('sends a batch as it is, and gives its memory back', async () => {
    const { channel, peer, remote } = await pair();
    const sent = packet(500);
    const released = new Promise<void>((release) => {
      channel.send({ remote, payload: sent, segmentSize: sent.length, release });
    });
    const [data] = (await once(peer, 'data')) as [Buffer];
    expect(data.equals(sent)).toBe(true);
    await released;
  });

  it('drops what a peer does not read, and gives that back too', async () => {
    const { channel, peer, remote } = await pair();
    peer.pause();
    const payload = packet(60_000);
    let released = 0;
    let sent = 0;
    while (channel.dropped === 0) {
      sent += 1;
      channel.send({ remote, payload, segmentSize: 60_000, release: () => (released += 1) });
      // Nothing may be lost that is less than the limit, and a silent peer costs no more than that.
      expect(sent).toBeLessThan(1000);
    }
    expect(sent).toBeGreaterThan(8);
    expect(released).toBeGreaterThan(0);
    channel.terminate();
  });
});

describe('a bare TCP channel with a stranger', () => {
  it('ends with who sends what cannot begin a packet', async () => {
    const { channel, peer } = await pair();
    const end = closed(channel);
    peer.write(Buffer.alloc(64));
    await end;
    expect(channel.open).toBe(false);
  });

  it('hands over what came before the nonsense', async () => {
    const { channel, peer } = await pair();
    const sent = packet(40);
    const first = nextBatch(channel);
    peer.write(sent);
    expect((await first).equals(sent)).toBe(true);
    const end = closed(channel);
    peer.write(Buffer.alloc(11));
    await end;
  });

  it('keeps no more than one packet of who never ends it', async () => {
    const { channel, peer } = await pair();
    let heard = 0;
    channel.onBatch((batch) => (heard += batch.length));
    peer.write(packet(65_535).subarray(0, 65_534));
    const end = closed(channel);
    peer.end();
    await end;
    expect(heard).toBe(0);
  });

  it('ends when the connection is reset, and sends nothing more', async () => {
    const { channel, peer, remote } = await pair();
    const end = closed(channel);
    peer.resetAndDestroy();
    await end;
    let isReleased = false;
    const release = () => {
      isReleased = true;
    };
    channel.send({ remote, payload: packet(20), segmentSize: 20, release });
    expect(isReleased).toBe(true);
  });
});

describe('a simultaneous open', () => {
  // Two that begin on one machine refuse each other: no packet is ever on its way. test/e2e has NATs.
  it('leaves by the port by which the server is spoken to', async () => {
    const { address } = await listen();
    const { local } = await dial(address, { sharesPort: true });
    let heard: (port: number | undefined) => void = () => undefined;
    const from = new Promise<number | undefined>((resolve) => {
      heard = resolve;
    });
    const remote = await listenTcp((socket) => heard(socket.remotePort));
    const signal = AbortSignal.timeout(10_000);
    closing(await openSimultaneously({ localPort: local.port, remote, signal }));
    expect(await from).toBe(local.port);
  });

  it('tries again when it is refused', async () => {
    const { address } = await listen();
    const { local } = await dial(address, { sharesPort: true });
    const late = createServer();
    await new Promise<void>((resolve) => late.listen(0, '127.0.0.1', resolve));
    const { port } = late.address() as AddressInfo;
    await new Promise((resolve) => late.close(resolve));
    const remote = { address: '127.0.0.1', port };
    const signal = AbortSignal.timeout(10_000);
    const opening = openSimultaneously({ localPort: local.port, remote, signal });
    // Not before it has been refused at least once.
    await refused(port);
    closing(late);
    await new Promise<void>((resolve) => late.listen(port, '127.0.0.1', resolve));
    expect(closing(await opening).remote).toEqual(remote);
  });

  it('gives up when it is told to', async () => {
    const { address } = await listen();
    const { local } = await dial(address, { sharesPort: true });
    const nobody = await listenTcp(() => undefined);
    const remote = { address: '127.0.0.1', port: nobody.port === 1 ? 2 : 1 };
    const abort = new AbortController();
    const opening = openSimultaneously({ localPort: local.port, remote, signal: abort.signal });
    abort.abort();
    await expect(opening).rejects.toThrow();
  });
});
