import type { PathPolicy } from '../path/checklist.ts';
import type { CipherSuite, Crypto, Hasher, Random } from '../ports.ts';
import type { CongestionName } from '../transport/congestion/controllers.ts';
import type { RateCap } from '../transport/rate-cap.ts';
import type { Endpoint } from '../wire/endpoint.ts';
import type { LocalInterface } from './meeting-point.ts';

/** A server that was named, and what may be used to reach it. */
export interface KnownServer {
  readonly endpoint: Endpoint;
  /** True when absent. */
  readonly udp?: boolean;
  /** A connection, where UDP does not get through; false when absent. */
  readonly stream?: boolean;
}

/** The networks that this machine is in. */
export interface LocalNetworks {
  /** Where our sockets can be reached inside them; at most 16. */
  readonly localEndpoints: readonly Endpoint[];
  readonly interfaces: readonly LocalInterface[];
}

/** What both sides of a session are made from. */
export interface SessionOptions extends LocalNetworks {
  readonly crypto: Crypto;
  readonly random: Random;
  readonly hasher: Hasher;
  /** Our cipher suites, the faster one first. */
  readonly suites: readonly CipherSuite[];
  readonly policy: PathPolicy;
  /** Whether a search for a direct path may cost ten times as much, if the peer wants that too. */
  readonly thorough?: boolean;
  /** What governs how much is in flight; BBR when absent. */
  readonly congestion?: CongestionName | undefined;
  /** Rates that are kept to; each may be shared with other sessions. The peer may add its own. */
  readonly caps: RateCap[];
  /** All are used, side by side; none, and there is only the local network. */
  readonly servers: readonly KnownServer[];
}
