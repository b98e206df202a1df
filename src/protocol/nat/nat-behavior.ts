/** On what the public endpoint that a NAT gives to a socket depends (RFC 4787 §4.1). */
export type Mapping =
  | 'unknown'
  | 'endpoint-independent'
  | 'address-dependent'
  | 'address-and-port-dependent';

/** From whom a NAT lets packets in at a mapping (RFC 4787 §5). */
export type Filtering =
  | 'unknown'
  | 'endpoint-independent'
  | 'address-dependent'
  | 'address-and-port-dependent';

/** How a NAT chooses the public ports of new mappings (RFC 4787 §4.2). */
export type PortAllocation =
  | { readonly kind: 'unknown' }
  /** The port is that of the socket. */
  | { readonly kind: 'preserving' }
  /** Each new mapping lies `step` above the one before (1 to 64). */
  | { readonly kind: 'sequential'; readonly step: number }
  /** Anything between `low` and `high`, both included: at most 2,048 ports. */
  | { readonly kind: 'block'; readonly low: number; readonly high: number }
  | { readonly kind: 'random' };

/**
 * What is known of the NATs between us and the internet; they act as one. It chooses tactics, and
 * is never a reason to give up.
 */
export interface NatBehavior {
  readonly mapping: Mapping;
  readonly filtering: Filtering;
  readonly allocation: PortAllocation;
}

export const UNKNOWN_NAT: NatBehavior = {
  mapping: 'unknown',
  filtering: 'unknown',
  allocation: { kind: 'unknown' },
};
