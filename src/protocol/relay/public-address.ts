import { addressBytes } from '../wire/endpoint.ts';

/**
 * Whether an address is one of the open Internet. A public relay forwards to no other (TURN's
 * classic hole: internal hosts and cloud metadata behind the relay's own firewall).
 */
export function isPublicAddress(address: string): boolean {
  const bytes = addressBytes(address);
  return bytes.length === 4 ? isPublicIpv4(bytes) : isPublicIpv6(bytes);
}

// RFC 6890 and the IANA registries of special-purpose addresses.
function isPublicIpv4([a = 0, b = 0, c = 0]: Uint8Array): boolean {
  if (a === 0 || a === 10 || a === 127 || a >= 224) return false;
  if (a === 100 && b >= 64 && b < 128) return false;
  if (a === 169 && b === 254) return false;
  if (a === 172 && b >= 16 && b < 32) return false;
  if (a === 192 && (b === 168 || (b === 0 && c === 0))) return false;
  return !(a === 198 && (b === 18 || b === 19));
}

// Only 2000::/3 is given out (RFC 4291 §2.4); 6to4 and Teredo inside it can carry any IPv4 address.
function isPublicIpv6([a = 0, b = 0, c = 0, d = 0]: Uint8Array): boolean {
  if (a >> 5 !== 1) return false;
  const isTunnel = a === 0x20 && (b === 0x02 || (b === 0x01 && c === 0 && d === 0));
  return !isTunnel;
}
