import type { RunningServer, ServeOptions } from '../client/api/options.ts';
import { createCrypto } from '../crypto/node-crypto.ts';
import { systemRandom } from '../crypto/random.ts';
import { monotonicNow } from '../io/clock.ts';
import { Driver } from '../io/driver.ts';
import { localCandidateAddresses } from '../io/network/network-interfaces.ts';
import type { WebSocketCounters } from '../io/network/websocket-listener.ts';
import { P2PShareError } from '../protocol/errors.ts';
import { isPublicAddress } from '../protocol/relay/public-address.ts';
import { RendezvousServer } from '../protocol/rendezvous/rendezvous-server.ts';
import type { ServerCounters, ServerEvent } from '../protocol/rendezvous/server-event.ts';
import { type Endpoint, formatEndpoint } from '../protocol/wire/endpoint.ts';
import { capacityFor } from './capacity.ts';
import { ANY_ADDRESS, parseListenAddresses } from './listen-address.ts';
import type { StreamClients } from './stream-clients.ts';
import { openUdpListeners, type UdpListener } from './udp-listeners.ts';

/** More than any bad luck; a system that has no port left says so at the first. */
const PORTS_TRIED = 10;

/** Runs a rendezvous server and relay until it is closed. Rejects when it cannot listen, or is aborted before. */
export async function serve(options: ServeOptions = {}): Promise<RunningServer> {
  const { signal } = options;
  signal?.throwIfAborted();
  const listen = parseListenAddresses(options.listen);
  const { perAddress } = options;
  const capacity = perAddress === undefined ? undefined : capacityFor(perAddress);
  // Who sends and receives loads this module as well, but not what only a server needs.
  const [{ readCertificate }, { StreamClients }] = await Promise.all([
    import('./certificate.ts'),
    import('./stream-clients.ts'),
  ]);
  const certificate = options.tls && (await readCertificate(options.tls));
  const server = await started(listen, (listeners) => {
    const machine = new RendezvousServer(
      {
        crypto: createCrypto(),
        random: systemRandom,
        relay: options.relay ?? true,
        allowPrivateRelay: listen.every(({ address }) => servesPrivateNetwork(address)),
        listeners: listeners.map(({ endpoint }) => endpoint),
        ...capacity,
      },
      monotonicNow(),
    );
    const driver = drive(machine, listeners);
    const streams = new StreamClients({
      driver,
      certificate,
      limits: capacity?.streamLimits ?? {},
    });
    return new Server({ driver, listeners, streams, machine, onEvent: options.onEvent });
  });
  if (signal?.aborted) await server.close();
  signal?.throwIfAborted();
  signal?.addEventListener('abort', () => void server.close(), { once: true });
  options.onEvent?.({ event: 'ready', endpoints: server.endpoints });
  return server;
}

class Server implements RunningServer {
  readonly endpoints: readonly string[];
  readonly #driver: Driver<ServerEvent>;
  readonly #listeners: readonly UdpListener[];
  readonly #streams: StreamClients;
  readonly #machine: RendezvousServer;
  readonly #onEvent: ServeOptions['onEvent'];
  #closed: Promise<void> | undefined;

  constructor(parts: {
    readonly driver: Driver<ServerEvent>;
    readonly listeners: readonly UdpListener[];
    readonly streams: StreamClients;
    readonly machine: RendezvousServer;
    readonly onEvent: ServeOptions['onEvent'];
  }) {
    this.#driver = parts.driver;
    this.#listeners = parts.listeners;
    this.#streams = parts.streams;
    this.#machine = parts.machine;
    this.#onEvent = parts.onEvent;
    this.endpoints = this.#named.map(formatEndpoint);
  }

  /** Listens for TCP where it does for UDP. Rejects with the system's error, and is gone. */
  async start(): Promise<void> {
    try {
      await this.#streams.listen(this.#named);
    } catch (error) {
      await this.#letGo();
      throw error;
    }
  }

  stats(): Readonly<Record<string, number>> {
    return flatten({ ...this.#machine.counters, websocket: this.#streams.counters });
  }

  async close(): Promise<void> {
    this.#closed ??= this.#end();
    await this.#closed;
  }

  get #named(): Endpoint[] {
    const named = this.#listeners.filter(({ role }) => role === 'named');
    return named.map(({ endpoint }) => endpoint);
  }

  async #end(): Promise<void> {
    await this.#letGo();
    this.#onEvent?.({ event: 'closed' });
  }

  async #letGo(): Promise<void> {
    this.#driver.close();
    const sockets = this.#listeners.map(({ socket }) => socket);
    await Promise.all([this.#streams, ...sockets].map((one) => one.close()));
  }
}

/** A server that listens for UDP and for TCP at the same ports. */
async function started(
  listen: readonly Endpoint[],
  create: (listeners: readonly UdpListener[]) => Server,
): Promise<Server> {
  for (let attempt = 1; ; attempt += 1) {
    const server = create(await openUdpListeners(listen));
    try {
      await server.start();
      return server;
    } catch (cause) {
      // The system chose a port that is free for UDP; for TCP it may have been given to somebody.
      if (listen.some(({ port }) => port === 0) && attempt < PORTS_TRIED) continue;
      const message = `cannot listen on ${listen.map(formatEndpoint).join(', ')} for TCP`;
      throw new P2PShareError('P2P_LOCAL_IO', message, { cause });
    }
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

/**
 * Whether this server stands in a private network, where the addresses of its clients are private
 * too. A public one refuses to relay for those: it could be made to reach into its own network.
 */
function servesPrivateNetwork(address: string): boolean {
  if (address !== ANY_ADDRESS && address !== '0.0.0.0') return !isPublicAddress(address);
  return !localCandidateAddresses().some((own) => isPublicAddress(own.address));
}

function flatten(
  counters: ServerCounters & { readonly websocket: WebSocketCounters },
): Record<string, number> {
  const { drops, relay, live, websocket, ...traffic } = counters;
  const groups = Object.entries({ drops, relay, live, websocket }).flatMap(([group, values]) =>
    Object.entries(values).map(([name, value]): [string, number] => [`${group}.${name}`, value]),
  );
  return { ...traffic, ...Object.fromEntries(groups) };
}
