import { isIPv6 } from 'node:net';

/** A host by name or numeric address, and a port. */
export interface HostPort {
  readonly host: string;
  readonly port: number;
}

/** As it stands in URLs and requests (RFC 3986 §3.2). */
export function authorityOf({ host, port }: HostPort): string {
  return `${isIPv6(host) ? `[${host}]` : host}:${port}`;
}
