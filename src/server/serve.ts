import type { RunningServer, ServeOptions } from '../client/options.ts';
import { createCrypto } from '../crypto/node-crypto.ts';
import { systemRandom } from '../crypto/random.ts';
import { monotonicNow } from '../io/clock.ts';
import { Driver } from '../io/driver.ts';
import { localCandidateAddresses } from '../io/network-interfaces.ts';
import { isPublicAddress } from '../protocol/relay/public-address.ts';
import { RendezvousServer } from '../protocol/rendezvous/rendezvous-server.ts';
import type { ServerCounters, ServerEvent } from '../protocol/rendezvous/server-event.ts';
import { formatEndpoint } from '../protocol/wire/endpoint.ts';
import { ANY_ADDRESS, parseListenAddresses } from './listen-address.ts';
import { openUdpListeners, type UdpListener } from './udp-listeners.ts';

/** Runs a rendezvous server and relay until it is closed. Rejects when it cannot listen. */
export async function serve(options: ServeOptions = {}): Promise<RunningServer> {
  options.signal?.throwIfAborted();
  const listen = parseListenAddresses(options.listen);
  const listeners = await openUdpListeners(listen);
  const machine = new RendezvousServer(
    {
      crypto: createCrypto(),
      random: systemRandom,
      relay: options.relay ?? true,
      allowPrivateRelay: listen.every(({ address }) => servesPrivateNetwork(address)),
      listeners: listeners.map(({ endpoint }) => endpoint),
    },
    monotonicNow(),
  );
  const driver = drive(machine, listeners);
  const endpoints = listeners.filter(isNamed).map(({ endpoint }) => formatEndpoint(endpoint));
  const server = new Server({ driver, listeners, endpoints, machine, onEvent: options.onEvent });
  options.signal?.addEventListener('abort', () => void server.close(), { once: true });
  options.onEvent?.({ event: 'ready', endpoints });
  return server;
}

class Server implements RunningServer {
  readonly endpoints: readonly string[];
  readonly #driver: Driver<ServerEvent>;
  readonly #listeners: readonly UdpListener[];
  readonly #machine: RendezvousServer;
  readonly #onEvent: ServeOptions['onEvent'];
  #closed: Promise<void> | undefined;

  constructor(parts: {
    readonly endpoints: readonly string[];
    readonly driver: Driver<ServerEvent>;
    readonly listeners: readonly UdpListener[];
    readonly machine: RendezvousServer;
    readonly onEvent: ServeOptions['onEvent'];
  }) {
    this.endpoints = parts.endpoints;
    this.#driver = parts.driver;
    this.#listeners = parts.listeners;
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
    await Promise.all(this.#listeners.map(({ socket }) => socket.close()));
    this.#onEvent?.({ event: 'closed' });
  }
}

/** Runs the machine on the first socket of each family, and on the others as bases. */
function drive(machine: RendezvousServer, listeners: readonly UdpListener[]): Driver<ServerEvent> {
  const first = listeners.filter(({ endpoint }) => endpoint.base === undefined);
  const sockets = first.map(({ socket }) => socket);
  const driver = new Driver({ machine, sockets, onEvent: () => undefined });
  driver.start();
  for (const { endpoint, socket } of listeners) {
    if (endpoint.base !== undefined) driver.addBase(endpoint.base, socket);
  }
  return driver;
}

function isNamed({ role }: UdpListener): boolean {
  return role === 'named';
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
