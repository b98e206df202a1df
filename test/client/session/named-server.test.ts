import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { preferred, resolveServers } from '../../../src/client/session/named-server.ts';

beforeEach(() => {
  for (const name of ['http_proxy', 'https_proxy', 'all_proxy', 'no_proxy']) {
    vi.stubEnv(name, '');
    vi.stubEnv(name.toUpperCase(), '');
  }
});
afterEach(() => vi.unstubAllEnvs());

describe('the named servers', () => {
  it('are none when none is named', async () => {
    expect(await resolveServers([])).toEqual([]);
  });

  it('are where their names say', async () => {
    expect(await resolveServers(['wss://192.0.2.1:9000', '192.0.2.2'])).toEqual([
      {
        address: { host: '192.0.2.1', port: 9000, tls: true },
        endpoint: { address: '192.0.2.1', port: 9000 },
        isResolved: true,
      },
      {
        address: { host: '192.0.2.2', port: 9420, tls: false },
        endpoint: { address: '192.0.2.2', port: 9420 },
        isResolved: true,
      },
    ]);
  });

  it('are those that can be resolved', async () => {
    const servers = await resolveServers(['nowhere.invalid', '192.0.2.2']);
    expect(servers.map(({ endpoint }) => endpoint.address)).toEqual(['192.0.2.2']);
  });

  it('are those that are resolved in time, once one is', async () => {
    const endpoint = { address: '192.0.2.2', port: 9420 };
    const never = new Promise<never>(() => undefined);
    const resolver = ({ host }: { host: string }) =>
      host === 'slow.example' ? never : Promise.resolve([endpoint]);
    const servers = await resolveServers(['slow.example', 'fast.example'], resolver);
    expect(servers.map((one) => one.endpoint)).toEqual([endpoint]);
  });

  it('are one where two names lead to one place', async () => {
    expect(await resolveServers(['192.0.2.2', '192.0.2.2:9420'])).toHaveLength(1);
  });

  it('cannot be found when nobody resolves any', async () => {
    await expect(resolveServers(['nowhere.invalid'])).rejects.toMatchObject({
      code: 'P2P_SERVER_UNREACHABLE',
    });
  });

  it('are four at most', async () => {
    const names = ['192.0.2.1', '192.0.2.2', '192.0.2.3', '192.0.2.4', '192.0.2.5'];
    await expect(resolveServers(names)).rejects.toMatchObject({ code: 'P2P_USAGE' });
  });

  it('may be some that only a proxy can resolve, and are told apart all the same', async () => {
    vi.stubEnv('HTTPS_PROXY', 'http://proxy.example:3128');
    const servers = await resolveServers(['nowhere.invalid', 'nobody.invalid']);
    expect(servers[0]).toEqual({
      address: { host: 'nowhere.invalid', port: 9420, tls: false },
      endpoint: { address: '192.0.0.8', port: 9420 },
      isResolved: false,
    });
    expect(servers).toHaveLength(2);
  });

  it('are not waited for longer than a second where a proxy can resolve', async () => {
    vi.stubEnv('HTTPS_PROXY', 'http://proxy.example:3128');
    const never = new Promise<never>(() => undefined);
    const [server] = await resolveServers(['slow.example'], () => never);
    expect(server?.isResolved).toBe(false);
  });
});

describe('of the addresses of a server', () => {
  const IPV4 = { address: '192.0.2.2', port: 9420 };
  const IPV6 = { address: '2001:db8::2', port: 9420 };

  it.each([
    ['IPv4 where we have both', [IPV6, IPV4], ['udp4', 'udp6'], IPV4],
    ['IPv6 where we have nothing else', [IPV4, IPV6], ['udp6'], IPV6],
    ['IPv4 where nothing is known of us', [IPV6, IPV4], [], IPV4],
    ['the only one, whatever we have', [IPV4], ['udp6'], IPV4],
    ['none where there is none', [], ['udp4'], undefined],
  ] as const)('is used: %s', (_what, endpoints, families, expected) => {
    const own = families.map((family) => ({ family }));
    expect(preferred(endpoints, own)).toEqual(expected);
  });
});
