import { addressBytes } from '../../src/protocol/wire/endpoint.ts';

/** Whether no router of the internet forwards to it: RFC 1918, 6598, 3927, 1122; RFC 4193, 4291. */
export function isPrivate(address: string): boolean {
  const bytes = addressBytes(address);
  const [a = 0, b = 0] = bytes;
  if (bytes.length === 4) return isPrivateIpv4(a, b);
  const isLoopback = bytes.every((byte, index) => byte === (index === 15 ? 1 : 0));
  return isLoopback || (a & 0xfe) === 0xfc || (a === 0xfe && (b & 0xc0) === 0x80);
}

function isPrivateIpv4(a: number, b: number): boolean {
  return (
    a === 10 ||
    a === 127 ||
    (a === 172 && b >= 16 && b < 32) ||
    (a === 192 && b === 168) ||
    (a === 100 && b >= 64 && b < 128) ||
    (a === 169 && b === 254)
  );
}
