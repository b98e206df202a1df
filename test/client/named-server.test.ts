import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { firstServer } from '../../src/client/named-server.ts';

beforeEach(() => {
  for (const name of ['http_proxy', 'https_proxy', 'all_proxy', 'no_proxy']) {
    vi.stubEnv(name, '');
    vi.stubEnv(name.toUpperCase(), '');
  }
});
afterEach(() => vi.unstubAllEnvs());

describe('the first of the named servers', () => {
  it('is none when none is named', async () => {
    expect(await firstServer([])).toBeUndefined();
  });

  it('is where its name says', async () => {
    expect(await firstServer(['wss://192.0.2.1:9000', '192.0.2.2'])).toEqual({
      address: { host: '192.0.2.1', port: 9000, tls: true },
      endpoint: { address: '192.0.2.1', port: 9000 },
      isResolved: true,
    });
  });

  it('passes over one that cannot be resolved', async () => {
    const server = await firstServer(['nowhere.invalid', '192.0.2.2']);
    expect(server?.endpoint).toEqual({ address: '192.0.2.2', port: 9420 });
  });

  it('cannot be found when nobody resolves any', async () => {
    await expect(firstServer(['nowhere.invalid'])).rejects.toMatchObject({
      code: 'P2P_SERVER_UNREACHABLE',
    });
  });

  it('may be one that only a proxy can resolve', async () => {
    vi.stubEnv('HTTPS_PROXY', 'http://proxy.example:3128');
    expect(await firstServer(['nowhere.invalid'])).toEqual({
      address: { host: 'nowhere.invalid', port: 9420, tls: false },
      endpoint: { address: '192.0.0.8', port: 9420 },
      isResolved: false,
    });
  });

  it('does not wait for a resolver longer than a second where a proxy can resolve', async () => {
    vi.stubEnv('HTTPS_PROXY', 'http://proxy.example:3128');
    const never = new Promise<never>(() => undefined);
    const server = await firstServer(['slow.example'], () => never);
    expect(server?.isResolved).toBe(false);
  });
});
