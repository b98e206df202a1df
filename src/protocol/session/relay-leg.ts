import type { Instant } from '../time.ts';
import { type Endpoint, sameEndpoint } from '../wire/endpoint.ts';
import type { Acquaintance } from './acquaintance.ts';
import type { PeerLink } from './peer-link.ts';

/** The server's relay: a candidate by every way to the server, bound for as long as we need it. */
export class RelayLeg {
  readonly #server: Endpoint;
  readonly #link: PeerLink;
  readonly #bind: (now: Instant) => void;

  constructor(
    server: Endpoint,
    link: PeerLink,
    { ways, bindRelay }: Pick<Acquaintance, 'ways' | 'bindRelay'>,
    now: Instant,
  ) {
    this.#server = server;
    this.#link = link;
    this.#bind = bindRelay;
    this.bind(now);
    // Named at once: else a check that comes through it would be learnt as a direct path.
    for (const way of ways) this.#name(way, now);
  }

  /** There is another way to a server; it matters if that is the relay's. */
  addWay(server: Endpoint, way: Endpoint, now: Instant): void {
    if (sameEndpoint(this.#server, server)) this.#name(way, now);
  }

  /** Tells the relay where we are now. */
  bind(now: Instant): void {
    this.#bind(now);
  }

  #name(endpoint: Endpoint, now: Instant): void {
    this.#link.addCandidate({ kind: 'relay', endpoint }, now);
  }
}
