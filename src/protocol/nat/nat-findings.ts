import type { Endpoint } from '../wire/endpoint.ts';
import type { NatBehavior } from './nat-behavior.ts';

/** What is known of the NATs on our side, and how well. */
export interface NatFindings {
  readonly behavior: NatBehavior;
  /** The public endpoint of the ordinary socket, as the server sees it. */
  readonly observed: Endpoint | undefined;
  /** Every public address that was seen; several are a pool (RFC 4787 §4.1). */
  readonly publicAddresses: readonly string[];
  /** Whether two of our sockets reach each other by their public endpoints (RFC 4787 §6). */
  readonly hairpin: boolean | undefined;
  /**
   * From how many addresses the server looked. With one, what depends on the address alone cannot
   * be told from what depends on nothing; with none, it has not answered.
   */
  readonly serverAddresses: 0 | 1 | 2;
  /** The longest round trip to the server, in milliseconds. */
  readonly rttMs: number | undefined;
}
