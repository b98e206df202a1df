import type { Endpoint } from './wire/endpoint.ts';

/**
 * Candidate types in the terms of RFC 8445 §5.1.1, best first. `mapped` is a public port that the
 * router was asked for; like `srflx` and `prflx` it leads through a NAT, and is as good.
 */
export type CandidateKind = 'host' | 'mapped' | 'srflx' | 'prflx' | 'relay';

/** An address at which the peer may be reached. */
export interface Candidate {
  readonly kind: CandidateKind;
  readonly endpoint: Endpoint;
}

/** A validated way to the peer. */
export interface Path {
  readonly kind: CandidateKind;
  readonly remote: Endpoint;
  /** Round-trip time of the last answered probe, in milliseconds. */
  readonly rttMs: number;
}
