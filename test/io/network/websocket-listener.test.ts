import { describe, expect, it } from 'vitest';
import { certificate } from '../../support/certificate.ts';
import {
  dial,
  frame,
  listen,
  nextBatch,
  nextClose,
  RawClient,
  say,
  upgradeRequest,
} from '../support/websockets.ts';

describe('a WebSocket listener', () => {
  it('takes connections wherever it is told to listen', async () => {
    const { listener, address, accepted } = await listen();
    const other = await listener.listen('127.0.0.2', 0);
    for (const endpoint of [address, other]) {
      const client = await dial(endpoint);
      const server = await accepted();
      expect(server.local).toEqual(endpoint);
      expect(server.remote).toEqual(client.local);
    }
  });

  it('speaks TLS and plain HTTP on one port when it has a certificate', async () => {
    const { address, accepted } = await listen({ certificate });
    const server = { host: 'localhost', port: address.port };
    for (const tls of [false, true]) {
      const client = await dial(address, { server, tls, ca: certificate.cert });
      const there = await accepted();
      const batch = nextBatch(there);
      say(client, client.remote, `with TLS: ${tls}`);
      expect((await batch).toString()).toBe(`with TLS: ${tls}`);
      expect(there.remote).toEqual(client.local);
    }
  });

  it('says goodbye to its channels when it closes', async () => {
    const { listener, address, accepted } = await listen();
    const client = await dial(address);
    await accepted();
    const closed = nextClose(client);
    await listener.close();
    await closed;
  });
});

describe('a WebSocket listener that is asked for something else', () => {
  it.each([
    ['plain HTTP', 'GET / HTTP/1.1\r\nHost: x\r\n\r\n', '426'],
    ['another path', 'GET /favicon.ico HTTP/1.1\r\nHost: x\r\n\r\n', '404'],
    ['a form', 'POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 5\r\n\r\nhello', '426'],
    ['a WebSocket at another path', upgradeRequest({}, '/chat'), '404'],
    ['another protocol', upgradeRequest({ 'Sec-WebSocket-Protocol': 'chat, mqtt' }), '400'],
    ['another version', upgradeRequest({ 'Sec-WebSocket-Version': '7' }), '400'],
    ['HTTP/2', upgradeRequest({ Upgrade: 'h2c' }), '400'],
  ])('answers %s with a status and ends', async (_what, request, status) => {
    const { address } = await listen();
    const client = new RawClient(address, request);
    const answer = await client.ending();
    expect(answer).toMatch(new RegExp(`^HTTP/1.1 ${status} `));
    expect(answer.length).toBeLessThan(400);
  });

  it.each([
    ['noise', `${'\x80'.repeat(100)}\r\n\r\n`],
    ['a tunnel', 'CONNECT 192.0.2.1:22 HTTP/1.1\r\nHost: 192.0.2.1:22\r\n\r\n'],
    ['a header without end', `GET / HTTP/1.1\r\nX: ${'x'.repeat(20_000)}`],
  ])('ends with %s', async (_what, words) => {
    const { address } = await listen();
    const client = new RawClient(address, words);
    expect(await client.ending()).not.toMatch(/^HTTP\/1.1 (101|200)/);
  });

  it('ends with what is neither TLS nor HTTP when it speaks both', async () => {
    const { listener, address } = await listen({ certificate });
    for (const words of ['\x16\x03\x01\xff\xff nonsense', '\x80\x00 nonsense\r\n\r\n']) {
      await new RawClient(address, words).ending();
    }
    expect(listener.counters.open).toBe(0);
  });
});

describe('the limits of a WebSocket listener', () => {
  it.each([
    ['nothing', '', undefined],
    ['half a request', 'GET / HTTP/1.1\r\nHost:', undefined],
    ['nothing to TLS', '', certificate],
    ['half a TLS handshake', '\x16\x03\x01\x01\x00', certificate],
  ])('end a connection that says %s', async (_what, words, tls) => {
    const { listener, address } = await listen({ limits: { handshakeMs: 100 }, certificate: tls });
    const client = new RawClient(address, words);
    await client.ending();
    expect(listener.counters.open).toBe(0);
  });

  it('do not end one that has become a channel in time', async () => {
    const { address, accepted } = await listen({ limits: { handshakeMs: 500 } });
    const client = await dial(address);
    const server = await accepted();
    // A second one shows that the time has passed.
    await new RawClient(address, '').ending();
    const batch = nextBatch(server);
    say(client, client.remote, 'still here');
    expect((await batch).toString()).toBe('still here');
  });

  it('keep one source from taking all connections, and make room when one ends', async () => {
    const limits = { connections: 10, connectionsPerSource: 2 };
    const { listener, address, accepted } = await listen({ limits });
    const first = await dial(address);
    await dial(address);
    await expect(dial(address)).rejects.toThrow();
    expect(listener.counters).toEqual({ open: 2, refused: 1, dropped: 0 });
    const gone = nextClose(await accepted());
    await first.close();
    await gone;
    await dial(address);
  });

  it('hold for all sources together', async () => {
    const { listener, address } = await listen({ limits: { connections: 1 } });
    const other = await listener.listen('127.0.0.2', 0);
    await dial(address);
    await expect(dial(other)).rejects.toThrow();
    expect(listener.counters.refused).toBe(1);
  });

  it('end a channel that says nothing, and none that speaks', async () => {
    const { address, accepted } = await listen({ limits: { idleMs: 500 } });
    const silent = new RawClient(address, upgradeRequest());
    await silent.heard('\r\n\r\n');
    await accepted();
    const talker = new RawClient(address, upgradeRequest());
    await talker.heard('\r\n\r\n');
    const channel = await accepted();
    const talking = setInterval(() => talker.socket.write(frame('again')), 10);
    await silent.ending();
    clearInterval(talking);
    expect(channel.open).toBe(true);
  });
});
