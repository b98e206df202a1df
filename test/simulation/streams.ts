import type { SessionEvent } from '../../src/protocol/session/session-event.ts';
import { type Endpoint, FOREIGN_STREAM } from '../../src/protocol/wire/endpoint.ts';
import type { PeerOptions } from '../protocol/session/simulated-peers.ts';
import type { Driver } from '../support/driver.ts';
import type { Host } from '../support/host.ts';
import { type Scene, SERVER_ADDRESS } from './scene.ts';

/** The one connection of a client. */
const BASE = FOREIGN_STREAM + 1;

/**
 * Connections to the server of a scene, and networks that let nothing else through. To the
 * simulator they are flows between ports of their own: what TCP does to packets it does not know.
 */
export class Streams {
  /** Public addresses of networks out of which no UDP comes. */
  readonly blocked = new Set<string>();
  /** Whether connections can be opened, and go on. */
  open = true;
  readonly #scene: Scene;
  /** The server's end of each connection. */
  readonly #ports = new Set<number>();
  readonly #opened = new Map<Host, { readonly way: Endpoint; readonly serverBase: number }>();
  #lastBase = FOREIGN_STREAM;

  constructor(scene: Scene) {
    this.#scene = scene;
    scene.internet.tap(({ from, to }) => {
      if (this.#isStream(from) || this.#isStream(to)) return this.open ? 'pass' : 'drop';
      return this.blocked.has(from.address) || this.blocked.has(to.address) ? 'drop' : 'pass';
    });
  }

  /** What a peer on `host` needs to use them. */
  options(host: Host): Pick<PeerOptions, 'transports' | 'dial'> {
    return {
      transports: { udp: true, stream: true },
      dial: (driver) => (this.open ? this.#connect(host, driver) : undefined),
    };
  }

  /** Closes the connection of the peer on `host`. */
  lose(host: Host, peer: { loseStream(server: Endpoint, way: Endpoint): void }): void {
    const opened = this.#opened.get(host);
    if (opened === undefined) throw new Error(`${host.name} has no connection`);
    this.#scene.server.driver.removeBase(opened.serverBase);
    peer.loseStream(this.#scene.server.endpoint, opened.way);
  }

  #connect(host: Host, driver: Driver<SessionEvent>): Endpoint {
    const { server, serverHost } = this.#scene;
    driver.removeBase(BASE);
    host.addBase(driver, BASE);
    this.#lastBase += 1;
    // The server is where it was, as far as a client can see.
    const before = this.#opened.get(host);
    if (before !== undefined) server.driver.removeBase(before.serverBase);
    const port = serverHost.addBase(server.driver, this.#lastBase, before?.way.port);
    this.#ports.add(port);
    const way = { address: SERVER_ADDRESS, port, base: BASE };
    this.#opened.set(host, { way, serverBase: this.#lastBase });
    return way;
  }

  #isStream({ address, port }: Endpoint): boolean {
    return address === SERVER_ADDRESS && this.#ports.has(port);
  }
}
