import { once } from 'node:events';
import { type ClientRequest, request as httpRequest, type IncomingMessage } from 'node:http';
import { request as httpsRequest } from 'node:https';
import { connect, type Socket } from 'node:net';
import type { Duplex } from 'node:stream';
import { authorityOf, type HostPort } from './host-port.ts';
import type { ProxyServer } from './proxy-server.ts';

/**
 * Opens a connection to `target` through a proxy. Rejects when the proxy refuses, says nonsense or
 * has not finished when `signal` is aborted; nothing is left open then.
 */
export async function openTunnel(
  proxy: ProxyServer,
  target: HostPort,
  signal: AbortSignal,
): Promise<Duplex> {
  return proxy.kind === 'socks5'
    ? await openSocks(proxy, target, signal)
    : await openConnect(proxy, target, signal);
}

/**
 * RFC 9110 §9.3.6. Node's parser bounds what a proxy may answer; `https-proxy-agent` collects a
 * header without end.
 */
async function openConnect(
  proxy: ProxyServer,
  target: HostPort,
  signal: AbortSignal,
): Promise<Duplex> {
  const request = askToConnect(proxy, target, signal);
  const [response, stream, head] = (await once(request, 'connect', { signal })) as [
    IncomingMessage,
    Duplex,
    Buffer,
  ];
  stream.on('error', () => undefined);
  const { statusCode = 0 } = response;
  if (statusCode < 200 || statusCode > 299) {
    stream.destroy();
    throw new Error(`the proxy answered ${statusCode}`);
  }
  // We speak first: what is there already is the proxy's own.
  if (head.length > 0) {
    stream.destroy();
    throw new Error('the proxy speaks when it is not asked');
  }
  return stream;
}

function askToConnect(proxy: ProxyServer, target: HostPort, signal: AbortSignal): ClientRequest {
  const { kind, host, port, user, password } = proxy;
  const authority = authorityOf(target);
  const credentials = Buffer.from(`${user}:${password}`).toString('base64');
  const authorization = { 'proxy-authorization': `Basic ${credentials}` };
  const request = (kind === 'https' ? httpsRequest : httpRequest)({
    host,
    port,
    method: 'CONNECT',
    path: authority,
    headers: { host: authority, ...(user === '' ? {} : authorization) },
    agent: false,
    maxHeaderSize: MAX_HEADER_BYTES,
    signal,
  });
  // Whoever waits for it hears of the first error; an abort may bring a second one.
  request.on('error', () => undefined);
  request.end();
  return request;
}

/** RFC 1928. */
async function openSocks(
  proxy: ProxyServer,
  target: HostPort,
  signal: AbortSignal,
): Promise<Socket> {
  const { host, port, user, password } = proxy;
  const socket = connect({ host, port });
  socket.on('error', () => undefined);
  const abort = () => socket.destroy();
  signal.addEventListener('abort', abort, { once: true });
  try {
    await once(socket, 'connect', { signal });
    // What it reads is of fixed sizes, and it holds no more than one piece beyond them.
    // Few have such a proxy, and all others would wait for it to load.
    const { SocksClient } = await import('socks');
    await SocksClient.createConnection({
      proxy: { host, port, type: 5, ...(user === '' ? {} : { userId: user, password }) },
      command: 'connect',
      destination: target,
      existing_socket: socket,
    });
    return socket;
  } catch (error) {
    socket.destroy();
    throw error;
  } finally {
    signal.removeEventListener('abort', abort);
  }
}

// Proxies add a few headers of a hundred bytes, and some a page about themselves.
const MAX_HEADER_BYTES = 8192;
