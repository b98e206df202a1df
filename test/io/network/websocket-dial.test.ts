import type { AddressInfo, Server, Socket } from 'node:net';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import type { Endpoint } from '../../../src/protocol/wire/endpoint.ts';
import { certificate } from '../../support/certificate.ts';
import { httpProxy, type ProxiedConnection, socksProxy } from '../../support/proxies.mjs';
import { closing, dial, listen, listenTcp, nextBatch, say } from '../support/websockets.ts';

const PROXY_VARIABLES = ['http_proxy', 'https_proxy', 'all_proxy', 'no_proxy'];

beforeEach(() => {
  for (const name of PROXY_VARIABLES) {
    vi.stubEnv(name, '');
    vi.stubEnv(name.toUpperCase(), '');
  }
});
afterEach(() => vi.unstubAllEnvs());

/** Runs a proxy; yields its `host:port`. */
async function run(server: Server): Promise<string> {
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const sockets = new Set<Socket>();
  server.on('connection', (socket) => sockets.add(socket));
  closing({
    close: () => {
      for (const socket of sockets) socket.destroy();
      server.close();
    },
  });
  return `127.0.0.1:${(server.address() as AddressInfo).port}`;
}

/** Dials a server and proves that words go through. */
async function proveWay(options: Parameters<typeof dial>[1] = {}): Promise<Endpoint> {
  const { address, accepted } = await listen();
  const server = { host: 'localhost', port: address.port };
  const client = await dial(address, { server, ...options });
  const batch = nextBatch(await accepted());
  say(client, client.remote, 'all the way');
  expect((await batch).toString()).toBe('all the way');
  expect(client.remote).toEqual(address);
  return address;
}

/** A proxy that answers as the test says, named in the environment. */
async function hostileProxy(scheme: string, onConnection: (socket: Socket) => void): Promise<void> {
  const { address, port } = await listenTcp(onConnection);
  vi.stubEnv('HTTPS_PROXY', `${scheme}://${address}:${port}`);
}

const NOWHERE: Endpoint = { address: '192.0.2.1', port: 9420 };

describe('dialling a WebSocket', () => {
  it('goes straight to the server', async () => {
    await proveWay();
  });

  it('insists on a certificate for the name of the server', async () => {
    const { listener, address } = await listen({ certificate });
    const { port } = address;
    await listener.listen('127.0.0.2', port);
    const ca = certificate.cert;
    const tls = (host: string, trust = {}) =>
      dial(address, { server: { host, port }, tls: true, ...trust });
    await tls('localhost', { ca });
    await tls('127.0.0.1', { ca });
    await expect(tls('localhost')).rejects.toThrow(/self.signed/i);
    await expect(tls('127.0.0.2', { ca })).rejects.toThrow(/IP: 127.0.0.2/);
  });

  it('does not speak TLS with who does not', async () => {
    const { address } = await listen();
    await expect(dial(address, { tls: true })).rejects.toThrow();
  });

  it('ends when it is told to', async () => {
    const cancel = new AbortController();
    const server = await listenTcp(() => cancel.abort());
    await expect(dial(server, { signal: cancel.signal })).rejects.toThrow(/abort/i);
  });

  it.each([false, true])('does not wait for a server that says nothing (TLS: %s)', async (tls) => {
    const server = await listenTcp(() => undefined);
    await expect(dial(server, { tls, timeoutMs: 100 })).rejects.toThrow(/abort/i);
  });
});

describe('dialling through a proxy', () => {
  it.each(['http', 'socks5'] as const)('of kind %s leaves it the name', async (kind) => {
    const seen: ProxiedConnection[] = [];
    const make = kind === 'http' ? httpProxy : socksProxy;
    const proxy = await run(make((connection) => seen.push(connection)));
    vi.stubEnv('HTTPS_PROXY', `${kind}://user:p%40ss@${proxy}`);
    const { port } = await proveWay();
    expect(seen).toEqual([{ target: `localhost:${port}`, credentials: 'user:p@ss' }]);
  });

  it.each(['http', 'socks5'] as const)('of kind %s says no more than it must', async (kind) => {
    const seen: ProxiedConnection[] = [];
    const make = kind === 'http' ? httpProxy : socksProxy;
    const proxy = await run(make((connection) => seen.push(connection)));
    vi.stubEnv('ALL_PROXY', `${kind}://${proxy}`);
    const { address: server } = await listen();
    await dial(server);
    expect(seen).toEqual([{ target: `${server.address}:${server.port}`, credentials: '' }]);
  });

  it('speaks TLS with the server behind it', async () => {
    vi.stubEnv('HTTPS_PROXY', `http://${await run(httpProxy(() => undefined))}`);
    const { address } = await listen({ certificate });
    await dial(address, { tls: true, ca: certificate.cert });
  });

  it('tells what a proxy answered that wants another password', async () => {
    const proxy = await run(httpProxy(() => undefined, 'user:right'));
    vi.stubEnv('HTTPS_PROXY', `http://user:wrong@${proxy}`);
    await expect(dial(NOWHERE)).rejects.toThrow('the proxy answered 407');
  });
});

/** Beyond our limit, and within Node's own. */
const LONG = 'x'.repeat(10_000);

describe('a hostile HTTP proxy', () => {
  it.each([
    ['refuses', 'HTTP/1.1 403 Forbidden\r\n\r\n', 'the proxy answered 403'],
    ['redirects', 'HTTP/1.1 302 Found\r\nLocation: http://192.0.2.9/\r\n\r\n', /answered 302/],
    ['goes on and on', 'HTTP/1.1 100 Continue\r\n\r\n'.repeat(1000), /answered 100/],
    ['answers without end', `HTTP/1.1 200 OK\r\nX: ${LONG}`, /overflow/i],
    ['speaks for the server', 'HTTP/1.1 200 OK\r\n\r\nHTTP/1.1 101', /not asked/],
    ['talks nonsense', 'SSH-2.0-OpenSSH_9.9\r\n', /parse/i],
    ['stops in the middle', 'HTTP/1.1 200 O', /abort/i],
  ])('that %s is left', async (_does, answer, error) => {
    await hostileProxy('http', (socket) => socket.write(answer));
    await expect(dial(NOWHERE, { timeoutMs: 1000 })).rejects.toThrow(error);
  });

  it('that hangs up is left', async () => {
    await hostileProxy('http', (socket) => socket.once('data', () => socket.destroy()));
    await expect(dial(NOWHERE)).rejects.toThrow(/hang up|reset/i);
  });
});

describe('a hostile SOCKS proxy', () => {
  const hello = [5, 0];
  it.each([
    ['is another version', [4, 0], /version/i],
    ['accepts no method', [5, 0xff], /method|authentication/i],
    ['refuses', [...hello, 5, 2, 0, 1, 0, 0, 0, 0, 0, 0], /NotAllowed|rejected/i],
    ['stops in the middle', [...hello, 5, 0, 0, 3, 255, 1, 2, 3], /abort|closed/i],
    ['talks nonsense', [...Buffer.alloc(100_000, 0x41)], /version/i],
  ])('that %s is left', async (_does, answer, error) => {
    await hostileProxy('socks5', (socket) => socket.write(Buffer.from(answer)));
    await expect(dial(NOWHERE, { timeoutMs: 1000 })).rejects.toThrow(error);
  });

  it('that hangs up is left', async () => {
    await hostileProxy('socks5', (socket) => socket.once('data', () => socket.destroy()));
    await expect(dial(NOWHERE)).rejects.toThrow(/closed/i);
  });
});

describe('a hostile server', () => {
  const head = 'HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n';
  it.each([
    ['is a web site', 'HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nhi', /response: 200/],
    ['redirects', 'HTTP/1.1 301 Moved\r\nLocation: ws://192.0.2.9/\r\n\r\n', /response: 301/],
    ['answers another question', `${head}Sec-WebSocket-Accept: AAAA\r\n\r\n`, /Accept/],
    ['answers without end', `${head}X: ${LONG}`, /overflow/i],
    ['talks nonsense', '220 mail ready\r\n', /parse/i],
  ])('that %s is left', async (_does, answer, error) => {
    const server = await listenTcp((socket) => socket.write(answer));
    await expect(dial(server)).rejects.toThrow(error);
  });
});
