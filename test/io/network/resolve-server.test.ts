import { describe, expect, it } from 'vitest';
import { parseServerAddress, resolveServer } from '../../../src/io/network/resolve-server.ts';

describe('parseServerAddress', () => {
  it.each([
    ['wss://example.org', 'example.org', 443],
    ['wss://example.org:9420', 'example.org', 9420],
    ['wss://example.org/', 'example.org', 443],
    ['wss://[2001:db8::1]:9000', '2001:db8::1', 9000],
    ['wss://2001:db8::1', '2001:db8::1', 443],
  ])('reads %s as a server to speak TLS with', (text, host, port) => {
    expect(parseServerAddress(text)).toEqual({ host, port, tls: true });
  });

  it.each([
    ['example.org', 'example.org', 9420],
    ['example.org:1', 'example.org', 1],
    ['my_host.local.:65535', 'my_host.local.', 65535],
    ['localhost', 'localhost', 9420],
    ['bücher.example:9420', 'bücher.example', 9420],
    ['192.0.2.1:9000', '192.0.2.1', 9000],
    ['[2001:db8::1]:9000', '2001:db8::1', 9000],
    ['[::1]', '::1', 9420],
    ['2001:db8::1', '2001:db8::1', 9420],
  ])('reads %s', (text, host, port) => {
    expect(parseServerAddress(text)).toEqual({ host, port, tls: false });
  });

  it.each([
    ...['wss://', 'wss:///', 'wss://example.org/chat', 'ws://example.org', 'wss://a@b'],
    ...['', ':9420', 'host:', 'host:0', 'host:65536', 'host:http', 'host:1:2', 'host:-1'],
    ...['https://example.org', 'a b', '-a', 'a..b', '300.1.1.1', '1.2.3', '12', '[]', '[host]:1'],
    ...['[::1', '::1]', '[::1]9', '[192.0.2.1]', 'user@host', `${'a'.repeat(64)}.org`],
  ])('refuses %j as usage', (text) => {
    expect(() => parseServerAddress(text)).toThrow(expect.objectContaining({ code: 'P2P_USAGE' }));
  });
});

describe('resolveServer', () => {
  const server = { host: 'example.org', port: 9000 };

  it('yields every address once, with the port', async () => {
    const found = ['2001:db8::1', '192.0.2.1', '::ffff:192.0.2.1'];
    const lookup = async () =>
      found.map((address) => ({ address, family: address.includes(':') ? 6 : 4 }));
    expect(await resolveServer(server, lookup)).toEqual([
      { address: '2001:db8::1', port: 9000 },
      { address: '192.0.2.1', port: 9000 },
    ]);
  });

  it('takes a numeric address as it is', async () => {
    const endpoint = { address: '192.0.2.9', port: 1 };
    expect(await resolveServer({ host: '192.0.2.9', port: 1 })).toEqual([endpoint]);
  });

  it.each([
    ['an error', async () => Promise.reject(new Error('ENOTFOUND'))],
    ['no address', async () => []],
  ])('calls the server unreachable on %s', async (_what, lookup) => {
    await expect(resolveServer(server, lookup)).rejects.toMatchObject({
      code: 'P2P_SERVER_UNREACHABLE',
      cause: expect.any(Error),
    });
  });
});
