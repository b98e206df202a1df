import { promises as dns, type LookupAddress } from 'node:dns';
import { isIPv4, isIPv6 } from 'node:net';
import { P2PShareError } from '../../protocol/errors.ts';
import { canonicalAddress, type Endpoint } from '../../protocol/wire/endpoint.ts';
import type { HostPort } from './host-port.ts';

/** A rendezvous server as a person names it. */
export interface ServerAddress extends HostPort {
  /** Whether to speak TLS with it where it is spoken to by TCP. */
  readonly tls: boolean;
}

export const DEFAULT_SERVER_PORT = 9420;
/** RFC 6455 §3: what every `wss:` means that names no port. */
const DEFAULT_TLS_PORT = 443;

/**
 * Reads `HOST`, `HOST:PORT`, `[IPv6]`, `[IPv6]:PORT` or a bare IPv6 address, each of them also after
 * `wss://`. Throws `P2P_USAGE`.
 */
export function parseServerAddress(text: string): ServerAddress {
  const tls = text.startsWith('wss://');
  const authority = tls ? text.slice(6).replace(/\/$/, '') : text;
  const standard = tls ? DEFAULT_TLS_PORT : DEFAULT_SERVER_PORT;
  if (isIPv6(authority)) return { host: authority, port: standard, tls };
  const match = /^(?:\[(?<ipv6>[^\]]*)\]|(?<name>[^:]*))(?::(?<port>\d+))?$/.exec(authority);
  const { ipv6, name, port } = match?.groups ?? {};
  const number = port === undefined ? standard : Number(port);
  const host = ipv6 ?? name ?? '';
  const valid = ipv6 === undefined ? isHostName(host) : isIPv6(host);
  if (!valid) throw usage('not a server address (HOST[:PORT] or wss://HOST[:PORT])', text);
  if (number < 1 || number > 65_535) throw usage('the port of a server is from 1 to 65535', text);
  return { host, port: number, tls };
}

function usage(problem: string, text: string): P2PShareError {
  return new P2PShareError('P2P_USAGE', `${problem}: ${text}`);
}

/** Every endpoint of the server, in the resolver's order. Throws `P2P_SERVER_UNREACHABLE`. */
export async function resolveServer(
  server: HostPort,
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
