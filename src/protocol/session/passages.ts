import type { ErrorCode } from '../errors.ts';
import type { SessionKeys } from '../session-keys.ts';
import type { Instant } from '../time.ts';
import { type Endpoint, sameEndpoint } from '../wire/endpoint.ts';
import type { Passage } from './acquaintance.ts';
import type { Guest } from './guest.ts';
import type { Host } from './hosting.ts';
import type { PeerLink } from './peer-link.ts';

/**
 * The servers that know both sides. Each of them passes on what is told, and its relay is a candidate:
 * checks find out how long the way through it takes, which is the sum of both sides' ways to it, and the
 * shortest is used.
 */
export class Passages {
  readonly #link: PeerLink;
  readonly #usesRelays: boolean;
  readonly #passages: Passage[] = [];

  constructor(link: PeerLink, usesRelays: boolean) {
    this.#link = link;
    this.#usesRelays = usesRelays;
  }

  add(passage: Passage, now: Instant): void {
    this.#passages.push(passage);
    if (!this.#usesRelays || passage.server === undefined) return;
    passage.bindRelay(now);
    // Named at once: else a check that comes through it would be learnt as a direct path.
    for (const way of passage.ways) this.#name(way, now);
  }

  /** There is another way to a server, and so to its relay. */
  addWay(server: Endpoint, way: Endpoint, now: Instant): void {
    if (!this.#usesRelays) return;
    const isOurs = this.#passages.some((one) => one.server && sameEndpoint(one.server, server));
    if (isOurs) this.#name(way, now);
  }

  /** Tells all relays where we are now. */
  bind(now: Instant): void {
    if (!this.#usesRelays) return;
    for (const { server, bindRelay } of this.#passages) if (server !== undefined) bindRelay(now);
  }

  /** Why there is no path where none works: a server may have no room to relay for us. */
  get whyUnreachable(): ErrorCode {
    const isBusy = this.#usesRelays && this.#passages.some(({ isRelayBusy }) => isRelayBusy());
    return isBusy ? 'P2P_SERVER_BUSY' : 'P2P_PEER_UNREACHABLE';
  }

  /** Tells the peer something, once, by way of each server: the first of them to come is enough. */
  post(body: Uint8Array, now: Instant): void {
    for (const passage of this.#passages) passage.post(body, now);
  }

  #name(endpoint: Endpoint, now: Instant): void {
    this.#link.addCandidate({ kind: 'relay', endpoint }, now);
  }
}

/** A server at which the sender was found by the receiver, whose side this is. */
export function guestPassage({ machine, server }: Guest, keys: SessionKeys): Passage {
  const binding = { relayToken: keys.relayToken, connectionId: keys.receive.connectionId };
  return {
    server,
    ways: machine.ways,
    bindRelay: (now) => machine.bindRelay(binding, now),
    isRelayBusy: () => machine.isRelayBusy,
    post: (body, now) => machine.tell(body, now),
  };
}

/** A server at which the sender, whose side this is, was claimed by the receiver. */
export function hostPassage(
  { machine, server }: Host,
  claimId: Uint8Array,
  keys: SessionKeys,
): Passage {
  const { connectionId } = keys.receive;
  const binding = { claimId, relayToken: keys.relayToken, connectionId };
  return {
    server,
    ways: server === undefined ? [] : machine.ways,
    bindRelay: (now) => machine.bindRelay(binding, now),
    isRelayBusy: () => machine.isRelayBusy,
    post: (body, now) => machine.reply(claimId, body, now),
  };
}
