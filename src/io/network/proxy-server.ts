import { getProxyForUrl } from 'proxy-from-env';
import { P2PShareError } from '../../protocol/errors.ts';
import { authorityOf, type HostPort } from './host-port.ts';

/** What stands between us and the server, and how it is spoken to. */
export interface ProxyServer extends HostPort {
  readonly kind: 'http' | 'https' | 'socks5';
  readonly user: string;
  readonly password: string;
}

/**
 * The proxy for connections to `server`, out of the usual environment variables; `undefined` for
 * none. Throws when they name something that is no proxy.
 *
 * RFC 6455 §4.1 recommends the proxy for HTTPS, and only then the one for HTTP, whatever the
 * WebSocket is: a proxy that is meant for HTTPS lets connections through as they are.
 */
export function proxyFor(target: HostPort): ProxyServer | undefined {
  const authority = authorityOf(target);
  const named = getProxyForUrl(`https://${authority}`) || getProxyForUrl(`http://${authority}`);
  return named === '' ? undefined : parseProxy(named);
}

function parseProxy(text: string): ProxyServer {
  // `proxy-from-env` gives `proxy:3128` the scheme of what is asked for; curl and we mean HTTP.
  const written = isWritten(text) ? text : text.replace(/^https:/, 'http:');
  const url = URL.canParse(written) ? new URL(written) : undefined;
  const kind = KINDS[url?.protocol ?? ''];
  if (url === undefined || kind === undefined || url.hostname === '') throw unknownProxy();
  return {
    kind,
    host: url.hostname.replace(/^\[|\]$/g, ''),
    port: Number(url.port) || DEFAULT_PORTS[kind],
    user: decoded(url.username),
    password: decoded(url.password),
  };
}

function decoded(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    throw unknownProxy();
  }
}

// What is there may hold a password, and so is not repeated.
function unknownProxy(): P2PShareError {
  return new P2PShareError('P2P_USAGE', 'the environment names a proxy that is none we know');
}

function isWritten(text: string): boolean {
  return VARIABLES.some((name) => process.env[name] === text);
}

const VARIABLES = ['https_proxy', 'HTTPS_PROXY', 'all_proxy', 'ALL_PROXY'];

// Names are left to the proxy in every case: where one is needed, there is often no other DNS.
const KINDS: Readonly<Record<string, ProxyServer['kind']>> = {
  'http:': 'http',
  'https:': 'https',
  'socks:': 'socks5',
  'socks5:': 'socks5',
  'socks5h:': 'socks5',
};

const DEFAULT_PORTS: Readonly<Record<ProxyServer['kind'], number>> = {
  http: 80,
  https: 443,
  socks5: 1080,
};
