import { once } from 'node:events';
import type { IncomingMessage } from 'node:http';
import { type AddressInfo, createServer, type Server, type Socket } from 'node:net';
import type { Duplex } from 'node:stream';
import { type WebSocket, WebSocketServer } from 'ws';
import { canonicalAddress, type Endpoint } from '../protocol/wire/endpoint.ts';
import { Admissions } from './admissions.ts';
import { type Certificate, HttpEntrance, refuseUpgrade } from './http-entrance.ts';
import { SUBPROTOCOL, WEBSOCKET_OPTIONS, WebSocketChannel } from './websocket-channel.ts';
import { DEFAULT_WEBSOCKET_LIMITS, type WebSocketLimits } from './websocket-limits.ts';

export interface WebSocketListenerOptions {
  /** Numeric; `::` takes IPv4 as well. */
  readonly address: string;
  readonly port: number;
  /** With one, TLS is spoken to whoever begins with it, beside plain HTTP on the same port. */
  readonly certificate?: Certificate | undefined;
  readonly limits?: Partial<WebSocketLimits> | undefined;
  readonly onChannel: (channel: WebSocketChannel) => void;
}

/** Listens for WebSockets. Rejects with the system's error (`EADDRINUSE`, `EACCES`, …). */
export async function listenForWebSockets(
  options: WebSocketListenerOptions,
): Promise<WebSocketListener> {
  const listener = new WebSocketListener(options);
  await listener.listen(options.address, options.port);
  return listener;
}

/** Makes channels of TCP connections, and is rid within seconds of those that are something else. */
export class WebSocketListener {
  readonly #limits: WebSocketLimits;
  readonly #onChannel: (channel: WebSocketChannel) => void;
  readonly #admissions: Admissions;
  readonly #entrance: HttpEntrance;
  readonly #server: Server;
  readonly #upgrader = new WebSocketServer({
    ...WEBSOCKET_OPTIONS,
    noServer: true,
    clientTracking: false,
    handleProtocols: () => SUBPROTOCOL,
  });
  readonly #sockets = new Set<Socket>();
  /** With how many messages each had brought when it was last looked at. */
  readonly #channels = new Map<WebSocketChannel, number>();
  #sweep: NodeJS.Timeout | undefined;

  constructor({ certificate, limits, onChannel }: WebSocketListenerOptions) {
    this.#limits = { ...DEFAULT_WEBSOCKET_LIMITS, ...limits };
    this.#onChannel = onChannel;
    this.#admissions = new Admissions(this.#limits);
    this.#entrance = new HttpEntrance({
      certificate,
      handshakeMs: this.#limits.handshakeMs,
      onUpgrade: (request, stream, head) => this.#upgrade(request, stream, head),
    });
    this.#server = createServer((socket) => this.#accept(socket));
  }

  get address(): Endpoint {
    const { address, port } = this.#server.address() as AddressInfo;
    return { address, port };
  }

  /** Channels that are open, and connections that a limit or a deadline kept from becoming one. */
  get counters(): { readonly open: number; readonly refused: number } {
    return { open: this.#channels.size, refused: this.#admissions.refused };
  }

  async listen(address: string, port: number): Promise<void> {
    this.#server.listen({ host: address, port });
    await once(this.#server, 'listening');
    this.#sweep = setInterval(() => this.#endSilent(), this.#limits.idleMs);
  }

  /** Says goodbye to all, and waits a second for theirs. */
  async close(): Promise<void> {
    clearInterval(this.#sweep);
    const closed = once(this.#server, 'close');
    this.#server.close();
    await Promise.all([...this.#channels.keys()].map((channel) => channel.close()));
    for (const socket of this.#sockets) socket.destroy();
    await closed;
  }

  #accept(socket: Socket): void {
    socket.on('error', () => undefined);
    const remote = remoteEndpoint(socket);
    if (remote === undefined || !this.#admissions.admit(socket, remote)) {
      socket.destroy();
      return;
    }
    this.#sockets.add(socket);
    socket.once('close', () => this.#sockets.delete(socket));
    this.#entrance.enter(socket);
  }

  #upgrade(request: IncomingMessage, stream: Duplex, head: Buffer): void {
    const offered = request.headers['sec-websocket-protocol']?.split(',') ?? [];
    if (!offered.some((name) => name.trim() === SUBPROTOCOL)) refuseUpgrade(stream, 400);
    else {
      this.#upgrader.handleUpgrade(request, stream, head, (socket) =>
        this.#adopt(socket, request.socket),
      );
    }
  }

  #adopt(socket: WebSocket, tcp: Socket): void {
    const remote = remoteEndpoint(tcp);
    if (remote === undefined) {
      socket.terminate();
      return;
    }
    this.#admissions.settle(remote);
    const { localAddress = '', localPort = 0 } = tcp;
    const local = { address: canonicalAddress(localAddress), port: localPort };
    const channel = new WebSocketChannel(socket, { remote, local });
    this.#channels.set(channel, 0);
    socket.once('close', () => this.#channels.delete(channel));
    this.#onChannel(channel);
  }

  #endSilent(): void {
    for (const [channel, before] of this.#channels) {
      if (channel.received === before) channel.terminate();
      this.#channels.set(channel, channel.received);
    }
  }
}

/** Who is at the other end; `undefined` when it has gone already. */
function remoteEndpoint({ remoteAddress, remotePort }: Partial<Socket>): Endpoint | undefined {
  if (remoteAddress === undefined || remotePort === undefined) return undefined;
  return { address: canonicalAddress(remoteAddress), port: remotePort };
}
