import { promises as dns, type LookupAddress } from 'node:dns';
import { isIPv4, isIPv6 } from 'node:net';
import { P2PShareError } from '../protocol/errors.ts';
import { canonicalAddress, type Endpoint } from '../protocol/wire/endpoint.ts';

/** A rendezvous server as a person names it. */
export interface ServerAddress {
  readonly host: string;
  readonly port: number;
}

export const DEFAULT_SERVER_PORT = 9420;

/**
 * Reads `HOST`, `HOST:PORT`, `[IPv6]`, `[IPv6]:PORT` or a bare IPv6 address. Throws `P2P_USAGE`.
 */
export function parseServerAddress(text: string): ServerAddress {
  if (isIPv6(text)) return { host: text, port: DEFAULT_SERVER_PORT };
  const match = /^(?:\[(?<ipv6>[^\]]*)\]|(?<name>[^:]*))(?::(?<port>\d{1,5}))?$/.exec(text);
  const { ipv6, name, port } = match?.groups ?? {};
  const number = port === undefined ? DEFAULT_SERVER_PORT : Number(port);
  const host = ipv6 ?? name ?? '';
  const valid = ipv6 === undefined ? isHostName(host) : isIPv6(host);
  if (!valid || number < 1 || number > 65_535) {
    throw new P2PShareError('P2P_USAGE', `not a server address (HOST[:PORT]): ${text}`);
  }
  return { host, port: number };
}

/** Every endpoint of the server, in the resolver's order. Throws `P2P_SERVER_UNREACHABLE`. */
export async function resolveServer(
  server: ServerAddress,
  lookup: (host: string) => Promise<LookupAddress[]> = (host) => dns.lookup(host, { all: true }),
): Promise<Endpoint[]> {
  try {
    const found = await lookup(server.host);
    const addresses = new Set(found.map(({ address }) => canonicalAddress(address)));
    if (addresses.size === 0) throw new Error('no address');
    return [...addresses].map((address) => ({ address, port: server.port }));
  } catch (cause) {
    const message = `cannot resolve ${server.host}`;
    throw new P2PShareError('P2P_SERVER_UNREACHABLE', message, { cause });
  }
}

// RFC 1123 §2.1: a name whose last label is a number can only be meant as an IPv4 address.
function isHostName(text: string): boolean {
  if (isIPv4(text)) return true;
  const labels = text.replace(/\.$/, '').split('.');
  return (
    text.length <= 253 &&
    labels.every((label) => /^(?!-)[\p{L}\p{M}\p{N}_-]{1,63}(?<!-)$/u.test(label)) &&
    !/^\d+$/.test(labels.at(-1) ?? '')
  );
}
