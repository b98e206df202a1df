import { isIPv4, isIPv6 } from 'node:net';
import { DEFAULT_SERVER_PORT } from '../io/resolve-server.ts';
import { P2PShareError } from '../protocol/errors.ts';
import type { Endpoint } from '../protocol/wire/endpoint.ts';

/** Every address of both families. */
export const ANY_ADDRESS = '::';

/** Reads `ADDRESS:PORT`, `[IPv6]:PORT` or either without a port; 0 asks for any free one. */
export function parseListenAddress(text: string): Endpoint {
  if (isIPv6(text)) return { address: text, port: DEFAULT_SERVER_PORT };
  const match = /^(?:\[(?<ipv6>[^\]]+)\]|(?<ipv4>[\d.]+))(?::(?<port>\d{1,5}))?$/.exec(text);
  const { ipv6, ipv4, port } = match?.groups ?? {};
  const address = ipv6 ?? ipv4 ?? '';
  const number = port === undefined ? DEFAULT_SERVER_PORT : Number(port);
  const valid = ipv6 === undefined ? isIPv4(address) : isIPv6(address);
  if (valid && number <= 65_535) return { address, port: number };
  throw new P2PShareError('P2P_USAGE', `not an address to listen on (ADDRESS:PORT): ${text}`);
}
