import { once } from 'node:events';
import { connect, isIP, type Socket } from 'node:net';
import type { Duplex } from 'node:stream';
import { connect as connectTls } from 'node:tls';
import { WebSocket } from 'ws';
import { canonicalAddress, type Endpoint, UNSPECIFIED } from '../../protocol/wire/endpoint.ts';
import { authorityOf, type HostPort } from './host-port.ts';
import { proxyFor } from './proxy-server.ts';
import { openTunnel } from './proxy-tunnel.ts';
import { SUBPROTOCOL, WEBSOCKET_OPTIONS, WebSocketChannel } from './websocket-channel.ts';

export interface WebSocketDial {
  readonly server: HostPort;
  /** Whether to speak TLS, and to insist on a certificate for the server's name. */
  readonly tls: boolean;
  /** Trusted instead of what the system trusts; PEM. */
  readonly ca?: string | Buffer;
  /** Where batches are said to come from: the server, whatever proxy is in between. */
  readonly remote: Endpoint;
  /**
   * Whether other connections are to leave by the same port. Only straight to the server: through
   * a proxy, this port is not the one that anybody sees.
   */
  readonly sharesPort?: boolean;
  readonly signal?: AbortSignal;
  /** Ten seconds when absent. */
  readonly timeoutMs?: number;
}

/**
 * Opens a WebSocket to a server, through the proxy that the environment names, if any. Rejects
 * in time when it cannot; nothing is left open then.
 */
export async function dialWebSocket(dial: WebSocketDial): Promise<WebSocketChannel> {
  const timeout = AbortSignal.timeout(dial.timeoutMs ?? DIAL_TIMEOUT_MS);
  const signal = dial.signal === undefined ? timeout : AbortSignal.any([timeout, dial.signal]);
  const { tls } = dial;
  const tcp = await openStream(dial, signal);
  const local = localEndpoint(tcp);
  const stream = tls ? await secure(tcp, dial, signal) : tcp;
  return await upgrade(stream, { ...dial, local, signal });
}

/** RFC 8305 between the addresses of the server's name is Node's own. */
async function openStream(dial: WebSocketDial, signal: AbortSignal): Promise<Duplex> {
  const { server, sharesPort = false } = dial;
  const proxy = proxyFor(server);
  if (proxy !== undefined && sharesPort) throw new Error('a proxy stands before the port');
  if (proxy !== undefined) return await openTunnel(proxy, server, signal);
  const socket = connect({ ...server, ...(sharesPort ? shareablePort(dial) : {}) });
  return await opened(socket, 'connect', signal);
}

/** A port that is bound by its name, and not by connecting, is one that others may bind as well. */
function shareablePort({ remote: { address } }: WebSocketDial): {
  readonly family: 4 | 6;
  readonly localAddress: string;
} {
  return address.includes(':')
    ? { family: 6, localAddress: '::' }
    : { family: 4, localAddress: '0.0.0.0' };
}

async function secure(
  stream: Duplex,
  { server: { host }, ca }: WebSocketDial,
  signal: AbortSignal,
): Promise<Duplex> {
  // RFC 6066 §3: an address is no server name.
  const name = isIP(host) === 0 ? { servername: host } : {};
  const trust = ca === undefined ? {} : { ca };
  const secured = connectTls({ socket: stream, host, ...name, ...trust });
  return await opened(secured, 'secureConnect', signal);
}

async function opened<S extends Duplex>(stream: S, event: string, signal: AbortSignal): Promise<S> {
  stream.on('error', () => undefined);
  try {
    await once(stream, event, { signal });
    return stream;
  } catch (error) {
    stream.destroy();
    throw error;
  }
}

async function upgrade(
  stream: Duplex,
  options: WebSocketDial & { readonly local: Endpoint; readonly signal: AbortSignal },
): Promise<WebSocketChannel> {
  const { server, remote, local, signal } = options;
  // `ws:` also where it is inside TLS, which `ws` has no part in.
  const socket = new WebSocket(`ws://${authorityOf(server)}/`, SUBPROTOCOL, {
    ...WEBSOCKET_OPTIONS,
    maxHeaderSize: MAX_HEADER_BYTES,
    createConnection: () => stream as Socket,
    generateMask: noMask,
  });
  const channel = new Promise<WebSocketChannel>((resolve) => {
    socket.once('open', () => resolve(new WebSocketChannel(socket, { remote, local })));
  });
  socket.on('error', () => undefined);
  try {
    await once(socket, 'open', { signal });
    return await channel;
  } catch (error) {
    socket.terminate();
    stream.destroy();
    throw error;
  }
}

function localEndpoint(stream: Duplex): Endpoint {
  const { localAddress, localPort } = stream as Partial<Socket>;
  if (localAddress === undefined || localPort === undefined) return UNSPECIFIED;
  return { address: canonicalAddress(localAddress), port: localPort };
}

// RFC 6455 §5.3 wants a random mask, so that no script can make a browser write what a cache on the
// way takes for HTTP. All that we write is sealed, or made of random numbers of our own; masking
// it once more costs five sixths of the rate (2.5 instead of 15 Gbit/s, measured on loopback).
function noMask(mask: Buffer): void {
  mask.fill(0);
}

// Three round trips of a bad satellite path with one repetition, through a proxy and with TLS.
const DIAL_TIMEOUT_MS = 10_000;

// An answer to an upgrade has four headers; proxies add some.
const MAX_HEADER_BYTES = 8192;
