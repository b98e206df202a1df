import { type AddressInfo, connect, createServer, type Server, type Socket } from 'node:net';
import { afterEach } from 'vitest';
import type { Channel } from '../../../src/io/network/channel.ts';
import type { WebSocketChannel } from '../../../src/io/network/websocket-channel.ts';
import { dialWebSocket, type WebSocketDial } from '../../../src/io/network/websocket-dial.ts';
import {
  WebSocketListener,
  type WebSocketListenerOptions,
} from '../../../src/io/network/websocket-listener.ts';
import type { Endpoint } from '../../../src/protocol/wire/endpoint.ts';

const opened: { close: () => unknown }[] = [];

/** What a test has opened is closed after it. */
export function closing<T extends { close: () => unknown }>(one: T): T {
  opened.push(one);
  return one;
}

afterEach(async () => {
  for (const one of opened.splice(0).reverse()) await one.close();
});

/** A listener on loopback, and the channels that it makes. */
export async function listen(
  options: Partial<WebSocketListenerOptions> & { readonly address?: string } = {},
): Promise<{
  listener: WebSocketListener;
  address: Endpoint;
  accepted: () => Promise<WebSocketChannel>;
}> {
  const channels: WebSocketChannel[] = [];
  const waiting: ((channel: WebSocketChannel) => void)[] = [];
  const onChannel = (channel: WebSocketChannel) => {
    const next = waiting.shift();
    if (next) next(channel);
    else channels.push(channel);
  };
  const listener = new WebSocketListener({ onChannel, ...options });
  const address = await listener.listen(options.address ?? '127.0.0.1', 0);
  closing(listener);
  const accepted = async () => {
    const channel = channels.shift();
    return channel ?? (await new Promise<WebSocketChannel>((resolve) => waiting.push(resolve)));
  };
  return { listener, address, accepted };
}

export async function dial(
  { address, port }: Endpoint,
  options: Partial<WebSocketDial> = {},
): Promise<WebSocketChannel> {
  const server = { host: address, port };
  const remote = { address, port };
  return closing(await dialWebSocket({ server, remote, tls: false, ...options }));
}

/** Both ends of one WebSocket. */
export async function connected(): Promise<{
  client: WebSocketChannel;
  server: WebSocketChannel;
  address: Endpoint;
}> {
  const { address, accepted } = await listen();
  const client = await dial(address);
  return { client, server: await accepted(), address };
}

/** A TCP server whose connections are the test's to answer. */
export async function listenTcp(onConnection: (socket: Socket) => void): Promise<Endpoint> {
  const sockets = new Set<Socket>();
  const server: Server = createServer((socket) => {
    sockets.add(socket);
    socket.on('error', () => undefined);
    onConnection(socket);
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  closing({
    close: async () => {
      for (const socket of sockets) socket.destroy();
      await new Promise((resolve) => server.close(resolve));
    },
  });
  const { address, port } = server.address() as AddressInfo;
  return { address, port };
}

export function nextBatch(channel: Channel): Promise<Buffer> {
  return new Promise((resolve) => channel.onBatch((batch) => resolve(Buffer.from(batch))));
}

export function nextClose(channel: WebSocketChannel): Promise<void> {
  return new Promise((resolve) => {
    if (channel.open) channel.onClose(resolve);
    else resolve();
  });
}

export function say(channel: Channel, remote: Endpoint, text: string | Uint8Array): void {
  const payload = typeof text === 'string' ? Buffer.from(text) : text;
  channel.send({ remote, payload, segmentSize: payload.length });
}

/** A request for an upgrade as our client makes it, with what a test wants otherwise. */
export function upgradeRequest(changes: Record<string, string> = {}, path = '/'): string {
  const headers = {
    Host: 'example.org',
    Connection: 'Upgrade',
    Upgrade: 'websocket',
    'Sec-WebSocket-Version': '13',
    // RFC 6455 §1.3.
    'Sec-WebSocket-Key': 'dGhlIHNhbXBsZSBub25jZQ==',
    'Sec-WebSocket-Protocol': 'p2pshare',
    ...changes,
  };
  const lines = Object.entries(headers).map(([name, value]) => `${name}: ${value}\r\n`);
  return `GET ${path} HTTP/1.1\r\n${lines.join('')}\r\n`;
}

/** A TCP connection that says `words` and collects what it hears. */
export class RawClient {
  readonly socket: Socket;
  #heard = '';
  #watch: () => void = () => undefined;

  constructor({ address, port }: Endpoint, words: string) {
    this.socket = destroying(connect({ host: address, port, noDelay: true }));
    this.socket.on('error', () => undefined);
    this.socket.on('data', (data) => {
      this.#heard += data.toString('latin1');
      this.#watch();
    });
    this.socket.on('close', () => this.#watch());
    this.socket.write(words);
  }

  /** What it has heard, once that contains `text`, or all there was when it is closed before. */
  async heard(text: string): Promise<string> {
    while (!this.#heard.includes(text) && !this.socket.destroyed) {
      await new Promise<void>((resolve) => {
        this.#watch = resolve;
      });
    }
    return this.#heard;
  }

  /** All that it heard before it was closed. */
  async ending(): Promise<string> {
    return await this.heard('\0never\0');
  }
}

function destroying(socket: Socket): Socket {
  opened.push({ close: () => socket.destroy() });
  return socket;
}

/** A masked binary frame (RFC 6455 §5.2) of at most 125 bytes. */
export function frame(text: string): Buffer {
  const mask = Buffer.from([1, 2, 3, 4]);
  const masked = Buffer.from(text).map((byte, i) => byte ^ (mask[i % 4] as number));
  return Buffer.concat([Buffer.from([0x82, 0x80 | masked.length]), mask, masked]);
}
