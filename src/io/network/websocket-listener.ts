import { once } from 'node:events';
import type { IncomingMessage } from 'node:http';
import { type AddressInfo, createServer, type Server, type Socket } from 'node:net';
import type { Duplex } from 'node:stream';
import { type WebSocket, WebSocketServer } from 'ws';
import { canonicalAddress, type Endpoint } from '../../protocol/wire/endpoint.ts';
import { Admissions } from './admissions.ts';
import { type Certificate, HttpEntrance, refuseUpgrade } from './http-entrance.ts';
import { SUBPROTOCOL, WEBSOCKET_OPTIONS, WebSocketChannel } from './websocket-channel.ts';
import { DEFAULT_WEBSOCKET_LIMITS, type WebSocketLimits } from './websocket-limits.ts';

export interface WebSocketListenerOptions {
  /** With one, TLS is spoken to whoever begins with it, beside plain HTTP on the same port. */
  readonly certificate?: Certificate | undefined;
  readonly limits?: Partial<WebSocketLimits>;
  readonly onChannel: (channel: WebSocketChannel) => void;
}

export interface WebSocketCounters {
  readonly open: number;
  /** Connections that a limit kept out, or that a deadline ended. */
  readonly refused: number;
  /** Batches that their client did not read in time. */
  readonly dropped: number;
}

/** Makes channels of TCP connections, and is rid within seconds of those that are something else. */
export class WebSocketListener {
  readonly #limits: WebSocketLimits;
  readonly #onChannel: (channel: WebSocketChannel) => void;
  readonly #admissions: Admissions;
  readonly #entrance: HttpEntrance;
  readonly #servers: Server[] = [];
  readonly #upgrader = new WebSocketServer({
    ...WEBSOCKET_OPTIONS,
    noServer: true,
    clientTracking: false,
    handleProtocols: () => SUBPROTOCOL,
  });
  readonly #sockets = new Set<Socket>();
  /** With how many messages each had brought when it was last looked at. */
  readonly #channels = new Map<WebSocketChannel, number>();
  /** By channels that are closed. */
  #dropped = 0;
  #sweep: NodeJS.Timeout | undefined;

  /** Throws when the certificate is none, or not of its key. */
  constructor({ certificate, limits, onChannel }: WebSocketListenerOptions) {
    this.#limits = { ...DEFAULT_WEBSOCKET_LIMITS, ...limits };
    this.#onChannel = onChannel;
    this.#admissions = new Admissions(this.#limits);
    this.#entrance = new HttpEntrance({
      certificate,
      handshakeMs: this.#limits.handshakeMs,
      onUpgrade: (request, stream, head) => this.#upgrade(request, stream, head),
    });
  }

  get counters(): WebSocketCounters {
    let dropped = this.#dropped;
    for (const channel of this.#channels.keys()) dropped += channel.dropped;
    return { open: this.#channels.size, refused: this.#admissions.refused, dropped };
  }

  /** Shows another certificate to who comes from now on. */
  renew(certificate: Certificate): void {
    this.#entrance.renew(certificate);
  }

  /**
   * Listens there as well; yields where that is. An IPv6 address takes IPv6 alone, as the sockets
   * beside it do. Rejects with the system's error (`EADDRINUSE`, `EACCES`, …).
   */
  async listen(address: string, port: number): Promise<Endpoint> {
    const server = createServer((socket) => this.#accept(socket));
    server.listen({ host: address, port, ipv6Only: true });
    await once(server, 'listening');
    this.#servers.push(server);
    this.#sweep ??= setInterval(() => this.#endSilent(), this.#limits.idleMs);
    const bound = server.address() as AddressInfo;
    return { address: bound.address, port: bound.port };
  }

  /** Says goodbye to all, and waits a second for theirs. */
  async close(): Promise<void> {
    clearInterval(this.#sweep);
    const closed = this.#servers.map((server) => once(server.close(), 'close'));
    await Promise.all([...this.#channels.keys()].map((channel) => channel.close()));
    for (const socket of this.#sockets) socket.destroy();
    await Promise.all(closed);
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
    socket.once('close', () => {
      this.#channels.delete(channel);
      this.#dropped += channel.dropped;
    });
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
