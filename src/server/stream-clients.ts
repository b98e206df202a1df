import type { Driver } from '../io/driver.ts';
import type { Certificate } from '../io/network/http-entrance.ts';
import type { WebSocketChannel } from '../io/network/websocket-channel.ts';
import type { WebSocketLimits } from '../io/network/websocket-limits.ts';
import { WebSocketListener } from '../io/network/websocket-listener.ts';
import { type Endpoint, FOREIGN_STREAM } from '../protocol/wire/endpoint.ts';

type Bases = Pick<Driver<unknown>, 'addBase' | 'removeBase'>;

/**
 * The clients that UDP does not reach: each WebSocket is a base of the server's driver, so that
 * the machine treats them like all others.
 */
export class StreamClients {
  readonly #driver: Bases;
  readonly #listener: WebSocketListener;
  #lastBase = FOREIGN_STREAM;

  /** Throws when the certificate is none, or not of its key. */
  constructor(options: {
    readonly driver: Bases;
    readonly certificate: Certificate | undefined;
    readonly limits: Partial<WebSocketLimits>;
  }) {
    this.#driver = options.driver;
    this.#listener = new WebSocketListener({
      certificate: options.certificate,
      limits: options.limits,
      onChannel: (channel) => this.#add(channel),
    });
  }

  get counters(): WebSocketListener['counters'] {
    return this.#listener.counters;
  }

  /** Rejects with the system's error. */
  async listen(endpoints: readonly Endpoint[]): Promise<void> {
    for (const { address, port } of endpoints) await this.#listener.listen(address, port);
  }

  async close(): Promise<void> {
    await this.#listener.close();
  }

  // Never the same number twice: what is on its way to one that has gone must not reach another.
  #add(channel: WebSocketChannel): void {
    this.#lastBase += 1;
    const base = this.#lastBase;
    this.#driver.addBase(base, channel);
    channel.onClose(() => this.#driver.removeBase(base));
  }
}
