import { after, type Instant, type Millis, millis } from '../time.ts';
import { canonicalAddress, type Endpoint, isStream } from '../wire/endpoint.ts';
import { ADDRESS_TOKEN_BYTES } from './message.ts';

/** One of the server's endpoints, and the address token that it gave us there. */
export interface Way {
  readonly endpoint: Endpoint;
  token: Uint8Array;
}

/** How long UDP that was left for a connection is not tried again: the first time, and at most. */
const FIRST_REST = millis(15_000);
const LONGEST_REST = millis(600_000);

/**
 * The ways to one server: UDP, and a connection where that does not get through. One is in use: the
 * first that answers, but UDP as soon as it does, since a connection adds its own retransmissions.
 *
 * The others are asked without an address token. The server answers with a challenge, which proves
 * the way, and goes on to address us where it did.
 */
export class ServerWays {
  /** The better ones first. */
  #ways: Way[];
  #used: Way | undefined;
  #udpRest: Millis = millis(0);
  #udpRestsUntil: Instant | undefined;

  constructor(udp: Endpoint | undefined) {
    this.#ways = udp === undefined ? [] : [newWay(udp)];
  }

  /** The one that has proven itself; none yet, or none any more, when `undefined`. */
  get used(): Way | undefined {
    return this.#used;
  }

  get endpoints(): Endpoint[] {
    return this.#ways.map(({ endpoint }) => endpoint);
  }

  add(endpoint: Endpoint): Way {
    this.remove(endpoint);
    const way = newWay(endpoint);
    this.#ways = [...this.#ways, way].sort((a, b) => rank(a) - rank(b));
    return way;
  }

  /** Forgets a way; says whether it was the one in use. */
  remove(endpoint: Endpoint): boolean {
    const way = this.find(endpoint);
    this.#ways = this.#ways.filter((one) => one !== way);
    const wasUsed = way !== undefined && way === this.#used;
    if (wasUsed) this.#used = undefined;
    return wasUsed;
  }

  find(remote: Endpoint): Way | undefined {
    return this.#ways.find(({ endpoint }) => isSame(endpoint, remote));
  }

  /** By which ways a request goes; by all while none is in use, or while the one in use owes an answer. */
  towards(isOwed: boolean, now: Instant): Way[] {
    const used = this.#used;
    if (used === undefined || isOwed) return this.#ways;
    return this.#ways.filter(
      (way) => way === used || (rank(way) < rank(used) && !this.#rests(now)),
    );
  }

  /** The server has answered on `way`. Says whether that one is used from now on, and was not. */
  prove(way: Way, token: Uint8Array, isOwed: boolean, now: Instant): boolean {
    const before = this.#used;
    if (before !== undefined && before !== way && rank(way) > rank(before) && !isOwed) return false;
    way.token = token;
    if (before === way) return false;
    if (before !== undefined) this.#leave(before, now);
    this.#used = way;
    return true;
  }

  // UDP that works only now and then must not take the session to and fro.
  #leave(way: Way, now: Instant): void {
    way.token = NO_TOKEN;
    if (isStream(way.endpoint)) return;
    this.#udpRest = millis(Math.min(Math.max(2 * this.#udpRest, FIRST_REST), LONGEST_REST));
    this.#udpRestsUntil = after(now, this.#udpRest);
  }

  #rests(now: Instant): boolean {
    return this.#udpRestsUntil !== undefined && now < this.#udpRestsUntil;
  }
}

const NO_TOKEN: Uint8Array = new Uint8Array(ADDRESS_TOKEN_BYTES);

function newWay(endpoint: Endpoint): Way {
  return { endpoint, token: NO_TOKEN };
}

function rank({ endpoint }: Way): number {
  return isStream(endpoint) ? 1 : 0;
}

function isSame(a: Endpoint, b: Endpoint): boolean {
  return (
    a.port === b.port &&
    a.base === b.base &&
    canonicalAddress(a.address) === canonicalAddress(b.address)
  );
}
