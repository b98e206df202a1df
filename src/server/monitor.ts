import { once } from 'node:events';
import { createServer, type RequestListener } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { Endpoint } from '../protocol/wire/endpoint.ts';

/** A monitor asks every few seconds, one question a connection. */
const MAX_CONNECTIONS = 16;
const MAX_HEADER_BYTES = 8192;
const REQUEST_MS = 5_000;

/** The media type of Prometheus' text format. */
const METRICS_TYPE = 'text/plain; version=0.0.4; charset=utf-8';

/** Answers monitors over HTTP: `/metrics` with what there is to be known, `/healthz` with `ok`. */
export class Monitor {
  readonly #server;

  /** `render`: the answer to `/metrics`. */
  constructor(render: () => string) {
    const answer: RequestListener = ({ method, url = '' }, response) => {
      const isAsked = method === 'GET' || method === 'HEAD';
      // Whoever scrapes may be told to add a query, which is nothing to us.
      const found = isAsked ? PAGES.get(url.replace(/\?.*/, '')) : undefined;
      response.writeHead(found === undefined ? 404 : 200, {
        connection: 'close',
        'content-type': found?.type ?? 'text/plain; charset=utf-8',
      });
      response.end(found === undefined ? 'not here\n' : found.text(render));
    };
    const options = {
      maxHeaderSize: MAX_HEADER_BYTES,
      headersTimeout: REQUEST_MS,
      requestTimeout: REQUEST_MS,
      connectionsCheckingInterval: REQUEST_MS,
    };
    this.#server = createServer(options, answer);
    this.#server.maxConnections = MAX_CONNECTIONS;
    // Also of who says nothing at all.
    this.#server.timeout = REQUEST_MS;
  }

  /** Yields where it listens. Rejects with the system's error. */
  async listen({ address, port }: Endpoint): Promise<Endpoint> {
    this.#server.listen({ host: address, port });
    await once(this.#server, 'listening');
    const bound = this.#server.address() as AddressInfo;
    return { address: bound.address, port: bound.port };
  }

  async close(): Promise<void> {
    if (!this.#server.listening) return;
    const closed = once(this.#server.close(), 'close');
    this.#server.closeAllConnections();
    await closed;
  }
}

interface Page {
  readonly type: string;
  text(render: () => string): string;
}

const PAGES: ReadonlyMap<string, Page> = new Map([
  ['/metrics', { type: METRICS_TYPE, text: (render: () => string) => render() }],
  ['/healthz', { type: 'text/plain; charset=utf-8', text: () => 'ok\n' }],
]);
