import type { Instant } from '../../src/protocol/time.ts';
import type { Endpoint } from '../../src/protocol/wire/endpoint.ts';

/** IPv4 header (20 bytes) and UDP header (8): what a datagram takes on a link beside its payload. */
export const PACKET_OVERHEAD_BYTES = 28;

/**
 * One UDP datagram under way. Endpoints come from an `EndpointTable`, so they are equal exactly if
 * they are the same object. Nobody changes a packet: who translates or spoils it makes another.
 */
export interface Packet {
  readonly from: Endpoint;
  readonly to: Endpoint;
  readonly payload: Uint8Array;
  /** It dies on the public internet: the routers before that are all the hops it has. */
  readonly isShortLived?: boolean;
}

/** Whatever takes packets: a network, a NAT, a host. */
export interface Sink {
  accept(packet: Packet, now: Instant): void;
}
