import {
  createServer as createHttpServer,
  type IncomingMessage,
  type RequestListener,
  STATUS_CODES,
} from 'node:http';
import { createServer as createHttpsServer, type Server as HttpsServer } from 'node:https';
import type { Server, Socket } from 'node:net';
import type { Duplex } from 'node:stream';

/** A certificate chain and its key, both PEM. */
export interface Certificate {
  readonly cert: string | Buffer;
  readonly key: string | Buffer;
}

/** Takes the request for an upgrade, and the bytes that came with it. */
export type UpgradeHandler = (request: IncomingMessage, stream: Duplex, head: Buffer) => void;

export interface HttpEntranceOptions {
  readonly certificate: Certificate | undefined;
  /** Until when a whole request must be there; also for TLS. */
  readonly handshakeMs: number;
  readonly onUpgrade: UpgradeHandler;
}

/**
 * Speaks HTTP to connections, and TLS around it to those that begin with it, where there is a
 * certificate. Upgrades of `/` are handed on; everything else gets a short answer and its end.
 */
export class HttpEntrance {
  readonly #http: Server;
  readonly #https: HttpsServer | undefined;

  /** Throws when the certificate is none, or not of this key. */
  constructor({ certificate, handshakeMs, onUpgrade }: HttpEntranceOptions) {
    const options = {
      maxHeaderSize: MAX_HEADER_BYTES,
      headersTimeout: handshakeMs,
      requestTimeout: handshakeMs,
    };
    this.#http = prepared(createHttpServer(options, answer), onUpgrade);
    this.#https =
      certificate &&
      prepared(
        createHttpsServer({ ...options, ...certificate, handshakeTimeout: handshakeMs }, answer),
        onUpgrade,
      );
  }

  /** Shows another certificate from now on, where there was one before. Throws as the constructor does. */
  renew(certificate: Certificate): void {
    this.#https?.setSecureContext(certificate);
  }

  enter(socket: Socket): void {
    const https = this.#https;
    if (https === undefined) {
      this.#http.emit('connection', socket);
      return;
    }
    socket.once('data', (first: Buffer) => {
      socket.pause();
      socket.unshift(first);
      (first[0] === TLS_HANDSHAKE ? https : this.#http).emit('connection', socket);
      // Who took it over has its listeners by then.
      process.nextTick(() => socket.resume());
    });
  }
}

/** Ends a request for an upgrade that is not granted. */
export function refuseUpgrade(stream: Duplex, status: number): void {
  stream.end(`HTTP/1.1 ${status} ${STATUS_CODES[status]}\r\nConnection: close\r\n\r\n`);
}

const answer: RequestListener = (request, response) => {
  const isOurs = request.url === '/';
  response.writeHead(isOurs ? 426 : 404, {
    connection: 'close',
    'content-type': 'text/plain; charset=utf-8',
    // RFC 9110 §15.5.22 wants to hear it named.
    ...(isOurs ? { upgrade: 'websocket' } : {}),
  });
  response.end(isOurs ? 'p2pshare: speak WebSocket here, or UDP to the same port\n' : 'not here\n');
};

function prepared<S extends Server>(server: S, onUpgrade: UpgradeHandler): S {
  server.on('upgrade', (request: IncomingMessage, stream: Duplex, head: Buffer) => {
    stream.on('error', () => undefined);
    if (request.url === '/') onUpgrade(request, stream, head);
    else refuseUpgrade(stream, 404);
  });
  server.on('clientError', (_error: Error, stream: Duplex) => stream.destroy());
  return server;
}

/** The content type of a TLS record that holds a handshake (RFC 8446 §5.1). */
const TLS_HANDSHAKE = 22;

// Fifty times what our own client sends.
const MAX_HEADER_BYTES = 8192;
