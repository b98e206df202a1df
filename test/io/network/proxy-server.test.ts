import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { proxyFor } from '../../../src/io/network/proxy-server.ts';

const VARIABLES = ['http_proxy', 'https_proxy', 'all_proxy', 'no_proxy'];
const SERVER = { host: 'share.example', port: 9420 };

beforeEach(() => {
  for (const name of VARIABLES) {
    vi.stubEnv(name, '');
    vi.stubEnv(name.toUpperCase(), '');
  }
});
afterEach(() => vi.unstubAllEnvs());

function environment(variables: Record<string, string>): void {
  for (const [name, value] of Object.entries(variables)) vi.stubEnv(name, value);
}

describe('the proxy for a server', () => {
  it.each([
    [{ HTTPS_PROXY: 'http://p:1' }, 'p:1'],
    [{ https_proxy: 'http://p:1' }, 'p:1'],
    [{ HTTP_PROXY: 'http://p:2' }, 'p:2'],
    [{ ALL_PROXY: 'http://p:3' }, 'p:3'],
    [{ HTTPS_PROXY: 'http://p:1', HTTP_PROXY: 'http://p:2', ALL_PROXY: 'http://p:3' }, 'p:1'],
    [{ HTTPS_PROXY: 'http://p:1', NO_PROXY: 'other.example' }, 'p:1'],
    [{ HTTPS_PROXY: 'http://p:1', NO_PROXY: 'share.example:443' }, 'p:1'],
    [{}, undefined],
    [{ HTTPS_PROXY: 'http://p:1', NO_PROXY: 'share.example' }, undefined],
    [{ HTTPS_PROXY: 'http://p:1', no_proxy: 'localhost, .example' }, undefined],
    [{ HTTPS_PROXY: 'http://p:1', NO_PROXY: '*' }, undefined],
  ])('with %j is %s', (variables, expected) => {
    environment(variables);
    const proxy = proxyFor(SERVER);
    expect(proxy && `${proxy.host}:${proxy.port}`).toBe(expected);
  });

  it.each([
    ['proxy.example:3128', { kind: 'http', host: 'proxy.example', port: 3128 }],
    ['http://proxy.example', { kind: 'http', host: 'proxy.example', port: 80 }],
    ['https://proxy.example', { kind: 'https', host: 'proxy.example', port: 443 }],
    ['socks://proxy.example', { kind: 'socks5', host: 'proxy.example', port: 1080 }],
    ['socks5h://proxy.example:9050', { kind: 'socks5', host: 'proxy.example', port: 9050 }],
    ['http://[2001:db8::1]:3128', { kind: 'http', host: '2001:db8::1', port: 3128 }],
  ])('reads %s', (text, expected) => {
    environment({ HTTPS_PROXY: text });
    expect(proxyFor(SERVER)).toEqual({ ...expected, user: '', password: '' });
  });

  it('reads user and password', () => {
    environment({ HTTPS_PROXY: 'http://us%3Aer:pass%20word@proxy.example:3128' });
    expect(proxyFor(SERVER)).toMatchObject({ user: 'us:er', password: 'pass word' });
  });

  it('is asked for by the address of a server that is IPv6', () => {
    environment({ HTTPS_PROXY: 'http://p:1', NO_PROXY: '[2001:db8::7]' });
    expect(proxyFor({ host: '2001:db8::7', port: 9420 })).toBeUndefined();
    expect(proxyFor({ host: '2001:db8::8', port: 9420 })).toMatchObject({ host: 'p' });
  });

  it.each([
    'ftp://secret@p',
    'socks4://secret@p',
    'http://%E0%A4@p',
    'http://',
    'pac+file:///secret',
  ])('is refused, and not repeated, when it is %s', (text) => {
    environment({ HTTPS_PROXY: text });
    expect(() => proxyFor(SERVER)).toThrow('the environment names a proxy that is none we know');
  });
});
