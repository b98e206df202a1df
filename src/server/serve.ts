import type { RunningServer, ServeOptions } from '../client/api/options.ts';
import { createCrypto } from '../crypto/node-crypto.ts';
import { systemRandom } from '../crypto/random.ts';
import { monotonicNow } from '../io/clock.ts';
import { Driver } from '../io/driver.ts';
import { OWN_INTERFACES } from '../io/network/interface-list.ts';
import { localCandidateAddresses } from '../io/network/network-interfaces.ts';
import { P2PShareError } from '../protocol/errors.ts';
import { isPublicAddress } from '../protocol/relay/public-address.ts';
import { RendezvousServer } from '../protocol/rendezvous/rendezvous-server.ts';
import type { ServerEvent } from '../protocol/rendezvous/server-event.ts';
import { type Endpoint, formatEndpoint } from '../protocol/wire/endpoint.ts';
import { capacityFor } from './capacity.ts';
import { ANY_ADDRESS, parseListenAddresses, parseMonitorAddress } from './listen-address.ts';
import { metricsText } from './metrics-text.ts';
import type { Monitor } from './monitor.ts';
import { flatStats, Happenings, type ServerStats } from './server-stats.ts';
import type { StreamClients } from './stream-clients.ts';
import { openUdpListeners, type UdpListener } from './udp-listeners.ts';

/** More than any bad luck; a system that has no port left says so at the first. */
const PORTS_TRIED = 10;

/** Runs a rendezvous server and relay until it is closed. Rejects when it cannot listen, or is aborted before. */
export async function serve(options: ServeOptions = {}): Promise<RunningServer> {
  const { signal } = options;
  signal?.throwIfAborted();
  const listen = parseListenAddresses(options.listen);
  const monitored =
    options.monitor === undefined ? undefined : parseMonitorAddress(options.monitor);
  const { perAddress } = options;
  const capacity = perAddress === undefined ? undefined : capacityFor(perAddress);
  // Who sends and receives loads this module as well, but not what only a server needs.
  const [{ readCertificate }, { Monitor }, { StreamClients }] = await Promise.all([
    import('./certificate.ts'),
    import('./monitor.ts'),
    import('./stream-clients.ts'),
    OWN_INTERFACES.known(),
  ]);
  const tls = options.tls && {
    files: options.tls,
    certificate: await readCertificate(options.tls),
  };
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
    const happenings = new Happenings();
    const driver = drive(machine, listeners, (event) => happenings.note(event));
    const streams = new StreamClients({
      driver,
      tls,
      limits: capacity?.streamLimits ?? {},
      onCertificate: (state) => options.onEvent?.({ event: 'certificate', state }),
    });
    const stats = () => {
      const { counters } = machine;
      return { ...counters, happened: happenings.counts, websocket: streams.counters };
    };
    return new Server({ driver, listeners, streams, stats, onEvent: options.onEvent });
  });
  if (monitored !== undefined)
    await server.openMonitor(new Monitor(() => server.metrics), monitored);
  if (signal?.aborted) await server.close();
  signal?.throwIfAborted();
  signal?.addEventListener('abort', () => void server.close(), { once: true });
  const { endpoints, monitor } = server;
  options.onEvent?.({ event: 'ready', endpoints, ...(monitor !== undefined && { monitor }) });
  return server;
}

class Server implements RunningServer {
  readonly endpoints: readonly string[];
  readonly #driver: Driver<ServerEvent>;
  readonly #listeners: readonly UdpListener[];
  readonly #streams: StreamClients;
  readonly #stats: () => ServerStats;
  readonly #onEvent: ServeOptions['onEvent'];
  #monitor: Monitor | undefined;
  #monitored: string | undefined;
  #closed: Promise<void> | undefined;

  constructor(parts: {
    readonly driver: Driver<ServerEvent>;
    readonly listeners: readonly UdpListener[];
    readonly streams: StreamClients;
    readonly stats: () => ServerStats;
    readonly onEvent: ServeOptions['onEvent'];
  }) {
    this.#driver = parts.driver;
    this.#listeners = parts.listeners;
    this.#streams = parts.streams;
    this.#stats = parts.stats;
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

  /** Has monitors be answered. Rejects as `serve` does, and is gone. */
  async openMonitor(monitor: Monitor, where: Endpoint): Promise<void> {
    this.#monitor = monitor;
    try {
      this.#monitored = formatEndpoint(await monitor.listen(where));
    } catch (cause) {
      await this.#letGo();
      throw cannotListen([where], 'monitors', cause);
    }
  }

  get monitor(): string | undefined {
    return this.#monitored;
  }

  /** What monitors are told. */
  get metrics(): string {
    const about = {
      cpu: process.cpuUsage(),
      rss: process.memoryUsage.rss(),
      uptime: process.uptime(),
    };
    return metricsText(this.#stats(), about, Date.now());
  }

  stats(): Readonly<Record<string, number>> {
    return flatStats(this.#stats());
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
    const all = [this.#monitor, this.#streams, ...sockets];
    await Promise.all(all.map((one) => one?.close()));
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
      throw cannotListen(listen, 'TCP', cause);
    }
  }
}

function cannotListen(where: readonly Endpoint[], what: string, cause: unknown): P2PShareError {
  const message = `cannot listen on ${where.map(formatEndpoint).join(', ')} for ${what}`;
  return new P2PShareError('P2P_LOCAL_IO', message, { cause });
}

/** Runs the machine on the first socket of each family, and on the others as bases. */
function drive(
  machine: RendezvousServer,
  listeners: readonly UdpListener[],
  onEvent: (event: ServerEvent) => void,
): Driver<ServerEvent> {
  const first = listeners.filter(({ endpoint }) => endpoint.base === undefined);
  const sockets = first.map(({ socket }) => socket);
  const driver = new Driver({ machine, sockets, onEvent });
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
