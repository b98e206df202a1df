import type { NetworkInterfaceInfo } from 'node:os';
import { type Interfaces, OWN_INTERFACES } from './interface-list.ts';

/** An address of this machine and the subnet it lies in. */
export interface LocalAddress {
  /** Numeric, without a zone. */
  readonly address: string;
  readonly prefixLength: number;
  readonly family: 'udp4' | 'udp6';
}

/**
 * The addresses that may become host candidates (RFC 8445 §5.1.1.1): no loopback, and link-local
 * ones only where there is nothing else. At most `limits.candidates`, in an order that stays the
 * same as long as the interfaces do.
 */
export function localCandidateAddresses(
  interfaces: Interfaces = OWN_INTERFACES.now(),
): LocalAddress[] {
  const all = ranked(interfaces).filter((entry) => !entry.internal);
  const routed = all.filter((entry) => !isLinkLocal(entry.address));
  const chosen = routed.length > 0 ? routed : all;
  return chosen.slice(0, limits.candidates).map(localAddress);
}

/** The loopback addresses: the way to a peer on the same machine. */
export function loopbackAddresses(interfaces: Interfaces = OWN_INTERFACES.now()): LocalAddress[] {
  return ranked(interfaces)
    .filter((entry) => entry.internal)
    .slice(0, limits.candidates)
    .map(localAddress);
}

export const limits = {
  /** A peer accepts no more than 8 of our host candidates. */
  candidates: 8,
} as const;

/** First the first address of each family on each interface, then all the second ones, and so on. */
function ranked(interfaces: Interfaces): NetworkInterfaceInfo[] {
  // One interface may hold a dozen temporary IPv6 addresses: they must not crowd out the others.
  const ranks: NetworkInterfaceInfo[][] = [];
  for (const entries of Object.values(interfaces)) {
    const seen = { IPv4: 0, IPv6: 0 };
    for (const entry of entries ?? []) {
      const rank = seen[entry.family];
      seen[entry.family] += 1;
      ranks[rank] ??= [];
      ranks[rank].push(entry);
    }
  }
  return ranks.flat();
}

function isLinkLocal(address: string): boolean {
  return address.startsWith('169.254.') || /^fe[89ab]/i.test(address);
}

function localAddress({ address, cidr, family }: NetworkInterfaceInfo): LocalAddress {
  return {
    address: address.replace(/%.*$/, ''),
    prefixLength: Number(cidr?.split('/')[1] ?? (family === 'IPv4' ? 32 : 128)),
    family: family === 'IPv4' ? 'udp4' : 'udp6',
  };
}
