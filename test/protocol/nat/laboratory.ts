import { createCrypto } from '../../../src/crypto/node-crypto.ts';
import type { NatFindings } from '../../../src/protocol/nat/nat-findings.ts';
import { NatProber, type NatProberEvent } from '../../../src/protocol/nat/nat-prober.ts';
import { RendezvousServer } from '../../../src/protocol/rendezvous/rendezvous-server.ts';
import { type Millis, millis } from '../../../src/protocol/time.ts';
import type { Endpoint } from '../../../src/protocol/wire/endpoint.ts';
import type { Driver } from '../../support/driver.ts';
import type { Host } from '../../support/host.ts';
import type { LinePair } from '../../support/link-options.ts';
import type { NatOptions } from '../../support/nat.ts';
import type { PrivateNetwork } from '../../support/network.ts';
import type { SeededRandom } from '../../support/seeded-random.ts';
import { Simulation } from '../../support/simulator.ts';

export interface LaboratoryOptions {
  readonly nat: NatOptions;
  /** Another NAT between that one and the internet. */
  readonly carrier?: NatOptions;
  readonly seed?: number;
  /** How many addresses the server has; 2 by default. */
  readonly addresses?: 1 | 2;
  /** The line between the NAT and the internet, and the one between the host and the NAT. */
  readonly line?: LinePair;
  readonly lan?: LinePair;
  /** New flows of other hosts behind the same NAT, a second. */
  readonly foreignFlows?: number;
  /** How many of the fresh sockets the host can open; all by default. */
  readonly sockets?: number;
}

const PORT = 5000;
const FIRST_BASE = 100;

/** A prober behind a NAT, and a server with two ports at each of its addresses. */
export class Laboratory {
  readonly sim: Simulation;
  readonly home: PrivateNetwork;
  readonly host: Host;
  readonly prober: NatProber;
  readonly events: NatProberEvent[] = [];
  readonly server: Endpoint;
  readonly #driver: Driver<NatProberEvent>;
  readonly #sockets: number;

  constructor(options: LaboratoryOptions) {
    const { nat, seed = 1, addresses = 2, line, lan, foreignFlows = 0 } = options;
    this.sim = new Simulation({ seed });
    this.server = startServer(this.sim, addresses);
    const internet = this.sim.internet();
    this.home = options.carrier
      ? internet.nat('198.51.100.10', options.carrier).nat('100.64.0.11', nat, line)
      : internet.nat('198.51.100.10', nat, line);
    this.host = this.home.host('10.0.1.2', lan);
    if (foreignFlows > 0) this.#takePorts(1000 / foreignFlows, this.sim.random.fork('foreign'));
    const random = this.sim.random.fork('prober');
    const { server } = this;
    this.prober = new NatProber({ server, random, firstBase: FIRST_BASE }, this.sim.now);
    this.#sockets = options.sockets ?? Number.POSITIVE_INFINITY;
    const onEvent = (event: NatProberEvent) => this.#onEvent(event);
    this.#driver = this.host.run(this.prober, { port: PORT, onEvent });
  }

  get findings(): NatFindings | undefined {
    return this.find('classified')?.findings;
  }

  /** Bases that were opened and not closed. */
  get openBases(): number[] {
    const open = new Set<number>();
    for (const event of this.events) {
      if (event.kind === 'open-bases') for (const base of event.bases) open.add(base);
      if (event.kind === 'close-bases') for (const base of event.bases) open.delete(base);
    }
    return [...open];
  }

  find<K extends NatProberEvent['kind']>(kind: K) {
    return this.events.findLast(
      (event): event is Extract<NatProberEvent, { kind: K }> => event.kind === kind,
    );
  }

  /** Lets it come to its end; yields how long that took. */
  classify(): Millis {
    const isDone = this.sim.run({
      until: () => this.findings !== undefined,
      within: millis(60_000),
    });
    if (!isDone) throw new Error('not classified within a minute');
    return this.sim.elapsed;
  }

  /** The port that a fresh socket gets now. */
  refresh(): { port: number | undefined; tookMs: number } {
    const before = this.sim.elapsed;
    const known = this.events.filter(({ kind }) => kind === 'sample').length;
    this.prober.refresh();
    this.#driver.poke();
    const until = () => this.events.filter(({ kind }) => kind === 'sample').length > known;
    if (!this.sim.run({ until, within: millis(10_000) })) throw new Error('no sample');
    return { port: this.find('sample')?.port, tookMs: this.sim.elapsed - before };
  }

  #onEvent(event: NatProberEvent): void {
    this.events.push(event);
    if (event.kind === 'open-bases') {
      const bases = event.bases.slice(0, this.#sockets);
      const opened = bases.map((base) => ({ base, port: this.host.addBase(this.#driver, base) }));
      this.prober.handleBasesOpened(opened, this.sim.now);
    }
    if (event.kind === 'close-bases') for (const base of event.bases) this.#driver.removeBase(base);
  }

  /** Flows of other people begin by chance and not by the clock (a Poisson process). */
  #takePorts(everyMs: number, random: SeededRandom): void {
    const { now } = this.sim;
    // Tables are keyed by identity: every flow is one that was never seen.
    this.home.router.nat.outbound({ address: '10.0.1.99', port: 7000 }, this.server, now);
    const pause = millis(-Math.log(1 - random.uniform()) * everyMs);
    this.sim.after(pause, () => this.#takePorts(everyMs, random));
  }
}

/** Runs a server that listens at 9420 and 9421 of each address; yields the first endpoint. */
function startServer(sim: Simulation, addresses: number): Endpoint {
  const hosts = ['203.0.113.1', '203.0.113.2'].slice(0, addresses).map((address) => {
    return sim.internet().host(address);
  });
  const listeners = [9420, 9421].flatMap((port) => hosts.map((host) => ({ host, port })));
  const random = sim.random.fork('server');
  const machine = new RendezvousServer(
    {
      crypto: createCrypto(random),
      random,
      listeners: listeners.map(({ host, port }, base) => ({
        ...host.endpoint(port),
        ...(base > 0 && { base }),
      })),
    },
    sim.now,
  );
  const [first] = hosts as [Host];
  const driver = first.run(machine, { port: 9420 });
  for (const [base, { host, port }] of listeners.entries()) {
    if (base > 0) host.addBase(driver, base, port);
  }
  return first.endpoint(9420);
}
