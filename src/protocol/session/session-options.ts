import type { PathPolicy } from '../path/checklist.ts';
import type { CipherSuite, Crypto, Hasher, Random } from '../ports.ts';
import type { Endpoint } from '../wire/endpoint.ts';
import type { LocalInterface } from './meeting-point.ts';

/** What both sides of a session are made from. */
export interface SessionOptions {
  readonly crypto: Crypto;
  readonly random: Random;
  readonly hasher: Hasher;
  /** Our cipher suites, the faster one first. */
  readonly suites: readonly CipherSuite[];
  readonly policy: PathPolicy;
  /** Where our sockets can be reached inside our own networks; at most 16. */
  readonly localEndpoints: readonly Endpoint[];
  readonly interfaces: readonly LocalInterface[];
}
