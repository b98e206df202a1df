import type { Millis } from '../time.ts';

/** How a router's mappings are asked for in datagrams, and what is answered. */
export interface MappingProtocol {
  readonly name: 'pcp' | 'nat-pmp';
  /** Asks for a mapping of our port, or, for no time at all, to end the one there is. */
  request(wish: MappingWish): Uint8Array;
  /** Reads a datagram of the gateway; `undefined` for all that is no answer to our requests. */
  reply(datagram: Uint8Array): Grant | 'refused' | undefined;
}

export interface MappingWish {
  /** Whole seconds. */
  readonly lifetimeS: number;
  /** The public port that would be welcome: the one that we have, or had. */
  readonly port: number;
}

/** The router lets everybody in at this public port. */
export interface Grant {
  readonly port: number;
  /** How long, unless it is renewed. */
  readonly lifetime: Millis;
}

/** All protocols by which a router may be asked; UPnP is none of datagrams. */
export type MappingName = MappingProtocol['name'] | 'upnp';

/** Where routers listen for either protocol (RFC 6886 §3.1, RFC 6887 §19). */
export const GATEWAY_PORT = 5351;

/** The number of UDP among protocols (RFC 790, and IANA since). */
export const PROTOCOL_UDP = 17;
