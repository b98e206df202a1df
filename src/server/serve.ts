import type { RunningServer, ServeOptions } from '../client/options.ts';
import { createCrypto } from '../crypto/node-crypto.ts';
import { systemRandom } from '../crypto/random.ts';
import { monotonicNow } from '../io/clock.ts';
import { Driver } from '../io/driver.ts';
import { localCandidateAddresses } from '../io/network-interfaces.ts';
import { openUdpSocket, type UdpSocket } from '../io/udp-socket.ts';
import { P2PShareError } from '../protocol/errors.ts';
import { isPublicAddress } from '../protocol/relay/public-address.ts';
import { RendezvousServer } from '../protocol/rendezvous/rendezvous-server.ts';
import type { ServerCounters, ServerEvent } from '../protocol/rendezvous/server-event.ts';
import { type Endpoint, formatEndpoint } from '../protocol/wire/endpoint.ts';
import { ANY_ADDRESS, parseListenAddress } from './listen-address.ts';

const DEFAULT_LISTEN = '[::]:9420';

/** Runs a rendezvous server and relay until it is closed. Rejects when it cannot listen. */
export async function serve(options: ServeOptions = {}): Promise<RunningServer> {
  options.signal?.throwIfAborted();
  const listen = parseListenAddress(options.listen ?? DEFAULT_LISTEN);
  const sockets = await listening(listen);
  const machine = new RendezvousServer(
    {
      crypto: createCrypto(),
      random: systemRandom,
      relay: options.relay ?? true,
      allowPrivateRelay: servesPrivateNetwork(listen.address),
    },
    monotonicNow(),
  );
  const driver = new Driver({ machine, sockets, onEvent: () => undefined });
  driver.start();
  const endpoints = sockets.map(({ address }) => formatEndpoint(address));
  const server = new Server({ driver, sockets, endpoints, machine, onEvent: options.onEvent });
  options.signal?.addEventListener('abort', () => void server.close(), { once: true });
  options.onEvent?.({ event: 'ready', endpoints });
  return server;
}

class Server implements RunningServer {
  readonly endpoints: readonly string[];
  readonly #driver: Driver<ServerEvent>;
  readonly #sockets: readonly UdpSocket[];
  readonly #machine: RendezvousServer;
  readonly #onEvent: ServeOptions['onEvent'];
  #closed: Promise<void> | undefined;

  constructor(parts: {
    readonly endpoints: readonly string[];
    readonly driver: Driver<ServerEvent>;
    readonly sockets: readonly UdpSocket[];
    readonly machine: RendezvousServer;
    readonly onEvent: ServeOptions['onEvent'];
  }) {
    this.endpoints = parts.endpoints;
    this.#driver = parts.driver;
    this.#sockets = parts.sockets;
    this.#machine = parts.machine;
    this.#onEvent = parts.onEvent;
  }

  stats(): Readonly<Record<string, number>> {
    return flatten(this.#machine.counters);
  }

  async close(): Promise<void> {
    this.#closed ??= this.#end();
    await this.#closed;
  }

  async #end(): Promise<void> {
    this.#driver.close();
    await Promise.all(this.#sockets.map((socket) => socket.close()));
    this.#onEvent?.({ event: 'closed' });
  }
}

/** `::` means both families on one port; a machine without IPv6 then serves IPv4 alone. */
async function listening({ address, port }: Endpoint): Promise<UdpSocket[]> {
  try {
    if (address !== ANY_ADDRESS) return [await open(address, port)];
    const ipv4 = await open('0.0.0.0', port);
    const ipv6 = await open(ANY_ADDRESS, ipv4.address.port).catch(() => undefined);
    return ipv6 === undefined ? [ipv4] : [ipv4, ipv6];
  } catch (cause) {
    const where = formatEndpoint({ address, port });
    throw new P2PShareError('P2P_LOCAL_IO', `cannot listen on ${where}`, { cause });
  }
}

function open(address: string, port: number): Promise<UdpSocket> {
  return openUdpSocket({ family: address.includes(':') ? 'udp6' : 'udp4', address, port });
}

/**
 * Whether this server stands in a private network, where the addresses of its clients are private
 * too. A public one refuses to relay for those: it could be made to reach into its own network.
 */
function servesPrivateNetwork(address: string): boolean {
  if (address !== ANY_ADDRESS && address !== '0.0.0.0') return !isPublicAddress(address);
  return !localCandidateAddresses().some((own) => isPublicAddress(own.address));
}

function flatten(counters: ServerCounters): Record<string, number> {
  const { drops, relay, live, ...traffic } = counters;
  const groups = Object.entries({ drops, relay, live }).flatMap(([group, values]) =>
    Object.entries(values).map(([name, value]): [string, number] => [`${group}.${name}`, value]),
  );
  return { ...traffic, ...Object.fromEntries(groups) };
}
