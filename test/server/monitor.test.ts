import { createServer } from 'node:net';
import { afterEach, describe, expect, it } from 'vitest';
import type { RunningServer, ServeOptions } from '../../src/client/api/options.ts';
import { receive } from '../../src/client/receive.ts';
import { send } from '../../src/client/send.ts';
import { serve } from '../../src/server/serve.ts';

const closing: (() => unknown)[] = [];

afterEach(async () => {
  for (const close of closing.splice(0).reverse()) await close();
});

async function serving(options: ServeOptions = {}): Promise<RunningServer> {
  const server = await serve({ listen: '127.0.0.1:0', monitor: '127.0.0.1:0', ...options });
  closing.push(() => server.close());
  return server;
}

async function asked({ monitor }: RunningServer, path: string, method = 'GET'): Promise<Response> {
  return await fetch(`http://${monitor}${path}`, { method });
}

/** Sends a text through the server, from its code to its end. */
async function transfer(server: RunningServer): Promise<void> {
  const common = { servers: server.endpoints, lan: false };
  const sender = send({ ...common, paths: [], text: 'hello' });
  for await (const event of sender) {
    if (event.event !== 'code') continue;
    await receive({ ...common, code: event.code }).result;
    break;
  }
  await sender.result;
}

describe('a server that is monitored', () => {
  it('says that it is well', async () => {
    const server = await serving();
    const response = await asked(server, '/healthz');
    expect([response.status, await response.text()]).toEqual([200, 'ok\n']);
    expect((await asked(server, '/healthz?from=balancer')).status).toBe(200);
  });

  it('tells what has happened', async () => {
    const told: unknown[] = [];
    const server = await serving({ onEvent: (event) => told.push(event) });
    expect(told).toEqual([
      { event: 'ready', endpoints: server.endpoints, monitor: server.monitor },
    ]);
    await transfer(server);
    const response = await asked(server, '/metrics');
    expect(response.headers.get('content-type')).toContain('version=0.0.4');
    const text = await response.text();
    expect(text).toMatch(/^p2pshare_server_events_total\{event="paired"\} [1-9]/m);
    expect(text).toMatch(/^p2pshare_server_events_total\{event="happy"\} 1$/m);
    expect(text).toMatch(/^process_resident_memory_bytes [1-9]\d+$/m);
    for (const line of text.trimEnd().split('\n')) {
      expect(line).toMatch(/^(# (HELP|TYPE) .+|[a-z0-9_]+(\{[a-z]+="[a-z-A-Z]+"\})? [\d.e+-]+)$/);
    }
    expect(server.stats()).toMatchObject({ 'happened.happy': 1, 'happened.registered': 1 });
  });

  it.each([
    ['/', 'GET'],
    ['/metrics/', 'GET'],
    ['/constructor', 'GET'],
    ['/metrics', 'POST'],
  ])('knows nothing of %s by %s', async (path, method) => {
    expect((await asked(await serving(), path, method)).status).toBe(404);
  });

  it('ends with its server, and answers nobody without being told to', async () => {
    const server = await serving();
    await server.close();
    await expect(asked(server, '/healthz')).rejects.toThrow('fetch failed');
    const silent = await serve({ listen: '127.0.0.1:0' });
    closing.push(() => silent.close());
    expect(silent.monitor).toBeUndefined();
  });

  it('does not start where the port is taken, or is none', async () => {
    const taken = createServer();
    await new Promise<void>((resolve) => taken.listen(0, '127.0.0.1', resolve));
    closing.push(() => taken.close());
    const { port } = taken.address() as { port: number };
    await expect(serving({ monitor: `127.0.0.1:${port}` })).rejects.toMatchObject({
      code: 'P2P_LOCAL_IO',
      message: `cannot listen on 127.0.0.1:${port} for monitors`,
    });
    for (const monitor of ['127.0.0.1', '::1', 'localhost:9422', '127.0.0.1:70000']) {
      await expect(serving({ monitor })).rejects.toMatchObject({ code: 'P2P_USAGE' });
    }
  });
});
