import { createSocket } from 'node:dgram';
import type { Gateway } from './gateway.ts';

/** UPnP Device Architecture 1.1 §1.3: where devices are looked for. */
const GROUP = '239.255.255.250';
const SSDP_PORT = 1900;
/** Three times, since nobody repeats what gets lost. */
const SEARCHES_AT_MS = [0, 300, 1000];
/** An answer is a handful of headers. */
const MAX_ANSWER_BYTES = 4096;

/**
 * Where the gateway describes itself: the first answer that comes from the gateway's own address
 * and names a URL there. Rejects when `signal` is aborted; there may never be an answer.
 */
export async function searchUpnp({ address, local }: Gateway, signal: AbortSignal): Promise<URL> {
  signal.throwIfAborted();
  const socket = createSocket('udp4');
  const timers: NodeJS.Timeout[] = [];
  try {
    return await new Promise<URL>((resolve, reject) => {
      signal.addEventListener('abort', () => reject(signal.reason), { once: true });
      socket.on('error', reject);
      socket.on('message', (answer, remote) => {
        const location = remote.address === address ? readSearchAnswer(answer, address) : undefined;
        if (location !== undefined) resolve(location);
      });
      socket.bind(0, local, () => {
        // To the gateway itself as well: some networks let no multicast through (§1.3.2).
        for (const host of [GROUP, address]) {
          for (const ms of SEARCHES_AT_MS) {
            timers.push(
              setTimeout(() => socket.send(searchFor(host), SSDP_PORT, host, ignore), ms),
            );
          }
        }
      });
    });
  } finally {
    for (const timer of timers) clearTimeout(timer);
    socket.close();
  }
}

/** The LOCATION of an answer, if it leads to the gateway and nowhere else (CVE-2020-12695 is why). */
export function readSearchAnswer(answer: Buffer, gateway: string): URL | undefined {
  if (answer.length > MAX_ANSWER_BYTES) return undefined;
  const [status = '', ...headers] = answer.toString('latin1').split('\r\n');
  if (!/^HTTP\/1\.[01] 200(?: |$)/.test(status)) return undefined;
  const location = headers.find((header) => /^location:/i.test(header))?.replace(/^[^:]*:/, '');
  return location === undefined ? undefined : gatewayUrl(location.trim(), gateway);
}

/** The URL that `text` means, relative to `base`, if it is one of plain HTTP at the gateway. */
export function gatewayUrl(text: string, gateway: string, base?: URL): URL | undefined {
  if (!URL.canParse(text, base?.href)) return undefined;
  const url = new URL(text, base);
  const isThere = url.protocol === 'http:' && url.hostname === gateway && url.username === '';
  return isThere ? url : undefined;
}

function searchFor(host: string): string {
  return [
    'M-SEARCH * HTTP/1.1',
    `HOST: ${host}:${SSDP_PORT}`,
    'MAN: "ssdp:discover"',
    'MX: 1',
    'ST: urn:schemas-upnp-org:device:InternetGatewayDevice:1',
    '',
    '',
  ].join('\r\n');
}

function ignore(): void {}
