import { bytesKey } from '../wire/bytes.ts';
import { addressBytes, canonicalAddress } from '../wire/endpoint.ts';

/** Whom a limit counts: one IPv4 address, or the networks of an IPv6 address. */
export interface SourcePrefix {
  /** The /32 or the /64: what one customer usually has (as WireGuard counts). */
  readonly host: string;
  /** The /48, which one customer may have as well; absent for IPv4. */
  readonly site: string | undefined;
}

export function sourcePrefix(address: string): SourcePrefix {
  const canonical = canonicalAddress(address);
  if (!canonical.includes(':')) return { host: canonical, site: undefined };
  const bytes = addressBytes(canonical);
  return {
    host: `64:${bytesKey(bytes.subarray(0, 8))}`,
    site: `48:${bytesKey(bytes.subarray(0, 6))}`,
  };
}
