import { addressBytes } from '../wire/endpoint.ts';

/**
 * What an address is to a stranger who names it: `public`, `local` (reaches something only from
 * inside some network), `loopback`, or `unusable` (no peer has it).
 */
export type AddressClass = 'public' | 'local' | 'loopback' | 'unusable';

export interface Prefix {
  readonly address: string;
  readonly prefixLength: number;
}

/** The class of a numeric address; an IPv4-mapped one is judged as the IPv4 address it is. */
export function addressClass(address: string): AddressClass {
  const bytes = unmapped(addressBytes(address));
  return TABLE.find(({ prefix }) => matches(bytes, prefix.bytes, prefix.length))?.is ?? 'public';
}

/** Whether `address` lies in `prefix`. Addresses of different families never match. */
export function isInPrefix(address: string, prefix: Prefix): boolean {
  const bytes = unmapped(addressBytes(address));
  return matches(bytes, unmapped(addressBytes(prefix.address)), prefix.prefixLength);
}

/** Whether `address` is the directed broadcast address (RFC 919) of an IPv4 `prefix`. */
export function isBroadcastOf(address: string, prefix: Prefix): boolean {
  const bytes = unmapped(addressBytes(address));
  // RFC 3021: prefixes of 31 and 32 bits have none.
  if (bytes.length !== 4 || prefix.prefixLength > 30 || !isInPrefix(address, prefix)) return false;
  return bits(bytes).slice(prefix.prefixLength).every(Boolean);
}

function unmapped(bytes: Uint8Array): Uint8Array {
  return bytes.length === 16 && matches(bytes, MAPPED.bytes, MAPPED.length)
    ? bytes.subarray(12)
    : bytes;
}

function matches(address: Uint8Array, prefix: Uint8Array, length: number): boolean {
  if (address.length !== prefix.length) return false;
  const wanted = bits(prefix);
  return bits(address).every((bit, i) => i >= length || bit === wanted[i]);
}

function bits(bytes: Uint8Array): boolean[] {
  return Array.from({ length: bytes.length * 8 }, (_, i) => {
    return (((bytes[i >> 3] as number) >> (7 - (i & 7))) & 1) === 1;
  });
}

function parse(text: string): { bytes: Uint8Array; length: number } {
  const [address = '', length = ''] = text.split('/');
  return { bytes: addressBytes(address), length: Number(length) };
}

// Given as bytes: `addressBytes` would take the text for an IPv4 address.
const MAPPED = {
  bytes: Uint8Array.from([0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff, 0, 0, 0, 0]),
  length: 96,
} as const;

// The first match decides. Ranges for documentation and benchmarks count as public: laboratories
// use them as such, and nothing answers there elsewhere.
const TABLE = (
  [
    // Services of cloud hosts that trust whoever reaches them.
    ['169.254.169.254/32', 'unusable'],
    ['169.254.170.0/24', 'unusable'],
    ['100.100.100.200/32', 'unusable'],
    ['168.63.129.16/32', 'unusable'],
    ['fd00:ec2::/32', 'unusable'],
    // RFC 6890 and the registries it made.
    ['127.0.0.0/8', 'loopback'],
    ['10.0.0.0/8', 'local'],
    ['172.16.0.0/12', 'local'],
    ['192.168.0.0/16', 'local'],
    ['100.64.0.0/10', 'local'],
    ['169.254.0.0/16', 'local'],
    ['0.0.0.0/8', 'unusable'],
    ['192.0.0.0/24', 'unusable'],
    ['224.0.0.0/4', 'unusable'],
    ['240.0.0.0/4', 'unusable'],
    ['::1/128', 'loopback'],
    ['fc00::/7', 'local'],
    ['fe80::/10', 'local'],
    ['fec0::/10', 'unusable'],
    ['ff00::/8', 'unusable'],
    // IPv4 in disguise, which would pass the table above by: compatible and the unspecified one
    // (RFC 4291 §2.5.5.1), NAT64 (RFC 6052, 8215), Teredo (RFC 4380), 6to4 (RFC 7526).
    ['::/96', 'unusable'],
    ['64:ff9b::/32', 'unusable'],
    ['2001::/32', 'unusable'],
    ['2002::/16', 'unusable'],
  ] satisfies [string, AddressClass][]
).map(([text, is]) => ({ prefix: parse(text), is }));
