import type { CertificateFiles, ServerEvent } from '../client/api/options.ts';
import type { Driver } from '../io/driver.ts';
import type { Certificate } from '../io/network/http-entrance.ts';
import type { WebSocketChannel } from '../io/network/websocket-channel.ts';
import type { WebSocketLimits } from '../io/network/websocket-limits.ts';
import { WebSocketListener } from '../io/network/websocket-listener.ts';
import { type Endpoint, FOREIGN_STREAM } from '../protocol/wire/endpoint.ts';
import { followCertificate } from './certificate.ts';

type Bases = Pick<Driver<unknown>, 'addBase' | 'removeBase'>;

type CertificateState = Extract<ServerEvent, { event: 'certificate' }>['state'];

/** A certificate that was read, and where it is renewed. */
export interface ServedCertificate {
  readonly files: CertificateFiles;
  readonly certificate: Certificate;
  /** How often to look there, if not as usual. */
  readonly lookMs?: number;
}

/**
 * The clients that UDP does not reach: each WebSocket is a base of the server's driver, so that
 * the machine treats them like all others.
 */
export class StreamClients {
  readonly #driver: Bases;
  readonly #listener: WebSocketListener;
  readonly #tls: ServedCertificate | undefined;
  readonly #onCertificate: (state: CertificateState) => void;
  #unfollow: (() => void) | undefined;
  #lastBase = FOREIGN_STREAM;

  /** Throws when the certificate is none, or not of its key. */
  constructor(options: {
    readonly driver: Bases;
    readonly tls: ServedCertificate | undefined;
    readonly limits: Partial<WebSocketLimits>;
    readonly onCertificate: (state: CertificateState) => void;
  }) {
    this.#driver = options.driver;
    this.#tls = options.tls;
    this.#onCertificate = options.onCertificate;
    this.#listener = new WebSocketListener({
      certificate: options.tls?.certificate,
      limits: options.limits,
      onChannel: (channel) => this.#add(channel),
    });
  }

  get counters(): WebSocketListener['counters'] {
    return this.#listener.counters;
  }

  /** Yields where it listens. Rejects with the system's error. */
  async listen(endpoints: readonly Endpoint[]): Promise<Endpoint[]> {
    const bound: Endpoint[] = [];
    for (const { address, port } of endpoints) {
      bound.push(await this.#listener.listen(address, port));
    }
    if (this.#tls !== undefined) this.#unfollow = this.#follow(this.#tls);
    return bound;
  }

  async close(): Promise<void> {
    this.#unfollow?.();
    await this.#listener.close();
  }

  #follow({ files, certificate, lookMs }: ServedCertificate): () => void {
    const listener = {
      onRenewed: (renewed: Certificate) => {
        this.#listener.renew(renewed);
        this.#onCertificate('renewed');
      },
      onUnreadable: () => this.#onCertificate('unreadable'),
    };
    return followCertificate(files, certificate, listener, lookMs);
  }

  // Never the same number twice: what is on its way to one that has gone must not reach another.
  #add(channel: WebSocketChannel): void {
    this.#lastBase += 1;
    const base = this.#lastBase;
    this.#driver.addBase(base, channel);
    channel.onClose(() => this.#driver.removeBase(base));
  }
}
