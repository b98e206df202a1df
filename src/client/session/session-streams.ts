import type { Driver } from '../../io/driver.ts';
import type { StreamChannel } from '../../io/network/stream-channel.ts';
import type { WebSocketChannel } from '../../io/network/websocket-channel.ts';
import type { SessionEvent } from '../../protocol/session/session-event.ts';
import { STREAM_PATIENCE } from '../../protocol/session/stream-punch.ts';
import type { Instant } from '../../protocol/time.ts';
import { sameEndpoint } from '../../protocol/wire/endpoint.ts';
import type { Endpoints } from './endpoints.ts';
import { FIRST_SERVER_STREAM, type NamedServer } from './named-server.ts';
import type { Session } from './session.ts';

interface SessionStreamsOptions {
  readonly endpoints: Endpoints;
  readonly servers: readonly NamedServer[];
  readonly driver: Driver<SessionEvent>;
  /** Hands something to the session, and sends what comes of it. */
  readonly touch: (action: (session: Session, now: Instant) => void) => void;
}

type Anchor = Extract<SessionEvent, { kind: 'anchor' }>;

/** Opens the connections that a session asks for, and says what became of them, now or later. */
export class SessionStreams {
  readonly #options: SessionStreamsOptions;
  #dialFailure: unknown;

  constructor(options: SessionStreamsOptions) {
    this.#options = options;
  }

  /** Why the last connection to the server could not be opened. */
  get dialFailure(): unknown {
    return this.#dialFailure;
  }

  onEvent(event: SessionEvent): void {
    const { endpoints, servers } = this.#options;
    if (event.kind === 'dial') {
      const index = servers.findIndex(({ endpoint }) => sameEndpoint(endpoint, event.server));
      const server = servers[index];
      if (server !== undefined) void this.#dial(server, FIRST_SERVER_STREAM + index);
    }
    if (event.kind === 'anchor') void this.#open(event.base, () => this.#openAnchor(event));
    if (event.kind === 'connect') {
      const { base, anchor, to } = event;
      void this.#open(base, () => endpoints.connect(base, anchor, to, STREAM_PATIENCE));
    }
  }

  /** By it the server is reached where UDP does not get through. */
  async #dial(server: NamedServer, base: number): Promise<void> {
    const { touch } = this.#options;
    const { endpoint } = server;
    const way = { ...endpoint, base };
    const end = () => touch((session, now) => session.endWay(endpoint, way, now));
    try {
      const { address } = server;
      const dial = { server: address, tls: address.tls, remote: endpoint };
      const channel = await this.#options.endpoints.openStream(base, dial);
      this.#add(base, channel, end);
      touch((session, now) => session.addWay(endpoint, way, now));
    } catch (error) {
      this.#dialFailure = error;
      end();
    }
  }

  async #openAnchor({ base, server: at }: Anchor): Promise<WebSocketChannel> {
    const { endpoints, servers } = this.#options;
    const server = servers.find((one) => sameEndpoint(one.endpoint, at));
    if (server === undefined) throw new Error('a server that was found on the local network');
    const { address, endpoint } = server;
    const dial = { server: address, tls: address.tls, remote: endpoint, sharesPort: true };
    return await endpoints.openStream(base, dial);
  }

  async #open(base: number, open: () => Promise<StreamChannel>): Promise<void> {
    const { touch } = this.#options;
    const tell = (isOpen: boolean) => {
      touch((session, now) => session.handleStream(base, isOpen, now));
    };
    try {
      this.#add(base, await open(), () => tell(false));
      tell(true);
    } catch {
      tell(false);
    }
  }

  #add(base: number, channel: StreamChannel, onEnd: () => void): void {
    const { driver } = this.#options;
    driver.addBase(base, channel);
    channel.onClose(() => {
      driver.removeBase(base);
      onEnd();
    });
  }
}
