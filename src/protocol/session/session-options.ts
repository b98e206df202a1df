import type { PathPolicy } from '../path/checklist.ts';
import type { CipherSuite, Crypto, Hasher, Random } from '../ports.ts';
import type { Endpoint } from '../wire/endpoint.ts';
import type { LocalInterface } from './meeting-point.ts';

/** What may be used to reach a server: UDP, and a connection where that does not get through. */
export interface ServerTransports {
  readonly udp: boolean;
  readonly stream: boolean;
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
  /** For the named server; UDP alone when absent. */
  readonly transports?: ServerTransports;
}
