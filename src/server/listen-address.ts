import { isIPv4, isIPv6 } from 'node:net';
import { DEFAULT_SERVER_PORT } from '../io/network/resolve-server.ts';
import { P2PShareError } from '../protocol/errors.ts';
import type { Endpoint } from '../protocol/wire/endpoint.ts';

/** Every address of both families. */
export const ANY_ADDRESS = '::';

const DEFAULT_LISTEN = '[::]:9420';

/** Two show a client what its NAT does, and there are two families; more would show no more. */
const MOST_ADDRESSES = 4;

/** What `serve` is told to listen on: one address, several, or the default. */
export function parseListenAddresses(
  listen: string | readonly string[] = DEFAULT_LISTEN,
): readonly Endpoint[] {
  const texts = typeof listen === 'string' ? [listen] : listen;
  if (texts.length > 0 && texts.length <= MOST_ADDRESSES) return texts.map(parseListenAddress);
  const message = `one to ${MOST_ADDRESSES} addresses to listen on, not ${texts.length}`;
  throw new P2PShareError('P2P_USAGE', message);
}

/** The same of what monitors ask, which has no port of its own by default. */
export function parseMonitorAddress(text: string): Endpoint {
  const hasPort = !isIPv6(text) && /:\d+$/.test(text);
  if (hasPort) return parseListenAddress(text);
  throw usage('not an address and port for monitors (such as 127.0.0.1:9422)', text);
}

/** Reads `ADDRESS:PORT`, `[IPv6]:PORT` or either without a port; 0 asks for any free one. Throws `P2P_USAGE`. */
function parseListenAddress(text: string): Endpoint {
  if (isIPv6(text)) return { address: text, port: DEFAULT_SERVER_PORT };
  const match = /^(?:\[(?<ipv6>[^\]]+)\]|(?<ipv4>[\d.]+))(?::(?<port>\d+))?$/.exec(text);
  const { ipv6, ipv4, port } = match?.groups ?? {};
  const address = ipv6 ?? ipv4 ?? '';
  const number = port === undefined ? DEFAULT_SERVER_PORT : Number(port);
  const valid = ipv6 === undefined ? isIPv4(address) : isIPv6(address);
  if (!valid)
    throw usage('not an address to listen on (such as 192.0.2.1:9420 or [::]:9420)', text);
  if (number > 65_535) throw usage('the port to listen on is from 0 to 65535', text);
  return { address, port: number };
}

function usage(problem: string, text: string): P2PShareError {
  return new P2PShareError('P2P_USAGE', `${problem}: ${text}`);
}
