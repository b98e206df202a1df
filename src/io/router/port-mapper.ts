import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { setTimeout as delay } from 'node:timers/promises';
import { type GatewayEvent, GatewayMapper } from '../../protocol/mapping/gateway-mapper.ts';
import { LEASE_S } from '../../protocol/mapping/mapping-lease.ts';
import { GATEWAY_PORT, type MappingName } from '../../protocol/mapping/mapping-protocol.ts';
import { natPmp } from '../../protocol/mapping/nat-pmp.ts';
import { PCP_NONCE_BYTES, pcp } from '../../protocol/mapping/pcp.ts';
import { addressClass } from '../../protocol/path/address-class.ts';
import { monotonicNow } from '../clock.ts';
import { Driver } from '../driver.ts';
import type { LocalAddress } from '../network/network-interfaces.ts';
import { openUdpSocket } from '../network/udp-socket.ts';
import { findGateway, type Gateway } from './gateway.ts';

export interface PortMapperOptions {
  readonly interfaces: readonly LocalAddress[];
  /** The UDP port of ours that is to be reached from everywhere. */
  readonly port: number;
  /** The public port that leads to it has come, changed or gone. */
  readonly onPort: (port: number | undefined) => void;
  /** Where the way out leads; asked of the system when absent. */
  readonly gateway?: (interfaces: readonly LocalAddress[]) => Promise<Gateway | undefined>;
}

/** At the end, what is not released by then ends by itself within five minutes. */
const RELEASE_MS = 1000;
/** Those who know UPnP answer a search at once. */
const SEARCH_MS = 5000;

/**
 * Asks the router of our network, by all three protocols at once, to let everybody in to a port of
 * ours, keeps that up, and ends it when it is closed. Nobody waits for it, and no error is fatal.
 */
export class PortMapper {
  readonly #options: PortMapperOptions;
  readonly #closing = new AbortController();
  readonly #ports: { datagrams?: number | undefined; upnp?: number | undefined } = {};
  #told: number | undefined;
  #mapper: GatewayMapper | undefined;
  readonly #work: Promise<unknown>;

  constructor(options: PortMapperOptions) {
    this.#options = options;
    this.#work = this.#run();
  }

  /** By which protocols the port is mapped now. */
  get granted(): MappingName[] {
    const upnp = this.#ports.upnp === undefined ? [] : (['upnp'] as const);
    return [...(this.#mapper?.granted ?? []), ...upnp];
  }

  /** Ends the mappings, and waits for that no longer than a second. */
  async close(): Promise<void> {
    this.#closing.abort();
    const patience = new AbortController();
    const { signal } = patience;
    const late = delay(RELEASE_MS, undefined, { signal }).catch(() => undefined);
    await Promise.race([this.#work, late]);
    patience.abort();
  }

  async #run(): Promise<void> {
    const { interfaces, gateway: find = findGateway } = this.#options;
    const gateway = await find(interfaces);
    // A machine that has a public address needs no mapping, and its router is nobody's servant.
    if (gateway === undefined || addressClass(gateway.local) !== 'local') return;
    if (this.#closing.signal.aborted) return;
    const ways = [this.#byDatagrams(gateway), this.#byUpnp(gateway)];
    await Promise.all(ways.map((way) => way.catch(() => undefined)));
  }

  async #byDatagrams(gateway: Gateway): Promise<void> {
    const { port } = this.#options;
    const remote = { address: gateway.address, port: GATEWAY_PORT };
    const protocols = [pcp(port, gateway.local, randomBytes(PCP_NONCE_BYTES)), natPmp(port)];
    const socket = await openUdpSocket({ family: 'udp4', address: gateway.local });
    const machine = new GatewayMapper(remote, protocols, port, monotonicNow());
    this.#mapper = machine;
    const over = new AbortController();
    const onEvent = (event: GatewayEvent) => {
      if (event.kind === 'over') over.abort();
      else this.#tell({ datagrams: event.port });
    };
    const driver = new Driver({ machine, sockets: [socket], onEvent });
    driver.start();
    const { signal } = this.#closing;
    const release = () => {
      machine.release(monotonicNow());
      driver.poke();
    };
    signal.addEventListener('abort', release, { once: true });
    if (signal.aborted) release();
    try {
      if (!over.signal.aborted) await once(over.signal, 'abort');
    } finally {
      signal.removeEventListener('abort', release);
      driver.close();
      await socket.close();
    }
  }

  async #byUpnp(gateway: Gateway): Promise<void> {
    const { port } = this.#options;
    const { signal } = this.#closing;
    const search = AbortSignal.any([signal, AbortSignal.timeout(SEARCH_MS)]);
    const { UpnpGateway } = await import('./upnp-gateway.ts');
    const upnp = await UpnpGateway.find(gateway, search);
    // Not ended with the session: what is asked for is to be known, so that it can be released.
    const ask = () => upnp.map(port, AbortSignal.timeout(RELEASE_MS));
    await ask();
    try {
      this.#tell({ upnp: port });
      for (;;) {
        await delay((LEASE_S * 1000) / 2, undefined, { signal, ref: false });
        await ask();
      }
    } finally {
      this.#tell({ upnp: undefined });
      await upnp.unmap(port, AbortSignal.timeout(RELEASE_MS));
    }
  }

  #tell(change: { datagrams?: number | undefined; upnp?: number | undefined }): void {
    Object.assign(this.#ports, change);
    const port = this.#ports.datagrams ?? this.#ports.upnp;
    if (port === this.#told || this.#closing.signal.aborted) return;
    this.#told = port;
    this.#options.onPort(port);
  }
}
