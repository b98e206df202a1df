import type { ByteReader } from './byte-reader.ts';
import type { ByteWriter } from './byte-writer.ts';

/**
 * A transport address: a numeric IPv4 or IPv6 address (RFC 5952 text) and a port of UDP, or of TCP
 * where `isStream` says so.
 *
 * `base` says by which of our own sockets or connections it is reached (the base of a candidate,
 * RFC 8445 §4), where that is not the one UDP socket of the address family. One address by two
 * bases is two remotes. It means nothing to anybody else, and is never written; whether it is a
 * connection is.
 */
export interface Endpoint {
  readonly address: string;
  readonly port: number;
  readonly base?: number;
}

/** Bytes an endpoint takes on the wire, whatever its family: family 1, address 16, port 2. */
export const ENDPOINT_BYTES = 19;

/** Stands for "not known"; on the wire, family 0 and zeros. */
export const UNSPECIFIED: Endpoint = { address: '0.0.0.0', port: 0 };

/**
 * Bases above this one are connections of ours, which lose nothing and keep order; no process counts
 * its UDP sockets up to here. This one is for the TCP endpoints of others: nothing can be sent there.
 */
export const FOREIGN_STREAM = 1_000_000_000;

/** Whether the endpoint is one of TCP. */
export function isStream({ base }: Endpoint): boolean {
  return base !== undefined && base >= FOREIGN_STREAM;
}

/** A string that is equal for equal endpoints; for `Map` keys. */
export function endpointKey({ address, port, base }: Endpoint): string {
  return base === undefined ? `${address}|${port}` : `${address}|${port}|${base}`;
}

export function sameEndpoint(a: Endpoint, b: Endpoint): boolean {
  return a.port === b.port && a.address === b.address && a.base === b.base;
}

/** The endpoint as a person writes it: `192.0.2.1:9420`, `[2001:db8::1]:9420`. */
export function formatEndpoint(endpoint: Endpoint): string {
  const { address, port } = endpoint;
  return address.includes(':') ? `[${address}]:${port}` : `${address}:${port}`;
}

/** Strips the `::ffff:` of an IPv4-mapped address, as a dual-stack socket reports it. */
export function canonicalAddress(address: string): string {
  return address.startsWith('::ffff:') && address.includes('.') ? address.slice(7) : address;
}

/** Writes `ENDPOINT_BYTES` bytes. An IPv6 zone (`%eth0`) has no meaning elsewhere and is left out. */
export function writeEndpoint(writer: ByteWriter, endpoint: Endpoint): void {
  const bytes = addressBytes(endpoint.address);
  const family = (bytes.length === 4 ? 4 : 6) | (isStream(endpoint) ? STREAM_FLAG : 0);
  writer.uint8(endpoint.port === 0 ? 0 : family);
  writer.bytes(bytes);
  writer.zeros(16 - bytes.length);
  writer.uint16(endpoint.port);
}

/** Reads what `writeEndpoint` wrote; `undefined` on short input or an unknown family. */
export function readEndpoint(reader: ByteReader): Endpoint | undefined {
  const family = reader.uint8();
  const bytes = reader.bytes(16);
  const port = reader.uint16();
  if (family === undefined || bytes === undefined || port === undefined) return undefined;
  if (family === 0) return UNSPECIFIED;
  const version = family & ~STREAM_FLAG;
  if (version !== 4 && version !== 6) return undefined;
  const address = addressText(version === 4 ? bytes.subarray(0, 4) : bytes);
  return family === version ? { address, port } : { address, port, base: FOREIGN_STREAM };
}

/** Added to the family of an endpoint of TCP. */
const STREAM_FLAG = 0x10;

/** The 4 or 16 bytes of a numeric address in network order. Anything else is a caller's mistake. */
export function addressBytes(address: string): Uint8Array {
  const canonical = canonicalAddress(address);
  return canonical.includes(':') ? parseIpv6(canonical) : parseIpv4(canonical);
}

/** The text form (RFC 5952 §4) of 4 or 16 address bytes. */
export function addressText(bytes: Uint8Array): string {
  if (bytes.length === 4) return bytes.join('.');
  const groups = Array.from({ length: 8 }, (_, i) => readGroup(bytes, i));
  return canonicalAddress(formatIpv6(groups));
}

function parseIpv4(text: string): Uint8Array {
  const parts = text.split('.');
  const numbers = parts.map((part) => (/^\d{1,3}$/.test(part) ? Number(part) : 256));
  if (parts.length !== 4 || numbers.some((value) => value > 255)) {
    throw new Error(`not a numeric address: ${text}`);
  }
  return Uint8Array.from(numbers);
}

function parseIpv6(text: string): Uint8Array {
  const [head = '', tail] = text.replace(/%.*$/, '').split('::');
  const left = head === '' ? [] : head.split(':');
  const right = tail === undefined || tail === '' ? [] : tail.split(':');
  const gap = tail === undefined ? 0 : 8 - left.length - right.length;
  const groups = [...left, ...Array.from({ length: gap }, () => '0'), ...right];
  if (gap < 0 || groups.length !== 8 || groups.some((group) => !/^[0-9a-fA-F]{1,4}$/.test(group))) {
    throw new Error(`not a numeric address: ${text}`);
  }
  return Uint8Array.from(groups.flatMap((group) => splitGroup(Number.parseInt(group, 16))));
}

function splitGroup(value: number): [number, number] {
  return [value >> 8, value & 0xff];
}

function readGroup(bytes: Uint8Array, index: number): number {
  return ((bytes[2 * index] ?? 0) << 8) | (bytes[2 * index + 1] ?? 0);
}

function formatIpv6(groups: readonly number[]): string {
  if (groups.slice(0, 5).every((group) => group === 0) && groups[5] === 0xffff) {
    const [high = 0, low = 0] = groups.slice(6);
    return `::ffff:${[...splitGroup(high), ...splitGroup(low)].join('.')}`;
  }
  const run = longestZeroRun(groups);
  const text = groups.map((group) => group.toString(16));
  if (run.length < 2) return text.join(':');
  return `${text.slice(0, run.start).join(':')}::${text.slice(run.start + run.length).join(':')}`;
}

// RFC 5952 §4.2.3: the longest run of zero groups is shortened, the first one on a tie.
function longestZeroRun(groups: readonly number[]): { start: number; length: number } {
  let best = { start: 0, length: 0 };
  for (let start = 0; start < groups.length; start += 1) {
    let length = 0;
    while (groups[start + length] === 0) length += 1;
    if (length > best.length) best = { start, length };
  }
  return best;
}
