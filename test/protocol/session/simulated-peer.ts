import type { ErrorCode } from '../../../src/protocol/errors.ts';
import type { ReceiverSession } from '../../../src/protocol/session/receiver-session.ts';
import type { SenderSession } from '../../../src/protocol/session/sender-session.ts';
import type { SessionEvent } from '../../../src/protocol/session/session-event.ts';
import type { LocalNetworks } from '../../../src/protocol/session/session-options.ts';
import { type Millis, millis } from '../../../src/protocol/time.ts';
import type { Endpoint } from '../../../src/protocol/wire/endpoint.ts';
import type { Driver } from '../../support/driver.ts';
import type { Host } from '../../support/host.ts';
import type { Simulation } from '../../support/simulator.ts';
import { familyOf } from '../../support/socket-set.ts';
import { SessionLog } from './session-log.ts';

/** How long it takes at most until somebody looks at the interfaces again. */
const LOOK_EVERY = millis(2000);

/** How long it takes to open a connection: three one-way trips of the scene's lines, and TLS. */
const DIAL: Millis = millis(100);

/** Opens a connection to the server; yields the remote that it is to us, if it can. */
export type Dial = (driver: Driver<SessionEvent>) => Endpoint | undefined;

/** What can happen to either peer of a simulation. */
export abstract class SimulatedPeer extends SessionLog {
  protected readonly sim: Simulation;
  #host: Host;
  readonly #port: number;
  readonly #dial: Dial | undefined;
  abstract readonly session: SenderSession | ReceiverSession;
  protected abstract readonly driver: Driver<SessionEvent>;

  protected constructor(sim: Simulation, host: Host, port: number, dial: Dial | undefined) {
    super(sim);
    this.sim = sim;
    this.#host = host;
    this.#port = port;
    this.#dial = dial;
  }

  /** Opens another socket; endpoints with this base are reached by it. */
  openBase(base: number): void {
    this.#host.addBase(this.driver, base);
  }

  abort(code: ErrorCode): void {
    this.session.abort(code, 'by the test', this.driver.now);
    this.driver.poke();
  }

  stop(): void {
    this.driver.stop();
  }

  /** Lets the machine sleep for a while of the world's time. */
  sleepFor(span: Millis, kind: 'stopped' | 'asleep'): void {
    this.driver.sleep(kind);
    this.sim.after(span, () => this.driver.wakeUp((now) => this.session.handleWake(now)));
  }

  /** Its computer is there from now on, and nowhere else; at most one address of each family. */
  moveTo(...hosts: Host[]): void {
    this.driver.sockets.detachAll();
    this.#host = hosts.find(({ address }) => familyOf(address) === 4) ?? this.#host;
    for (const host of hosts) host.attach(this.driver, this.#port);
    this.sim.after(LOOK_EVERY, () => {
      this.session.handleNetworks(networksOf(hosts, this.#port), this.driver.now);
      this.driver.poke();
    });
  }

  /** The connection to the server is closed. */
  loseStream(server: Endpoint, way: Endpoint): void {
    this.session.endWay(server, way, this.driver.now);
    this.driver.poke();
  }

  /** Opens and closes the sockets and connections that the session asks for. */
  protected followBases(event: SessionEvent): void {
    const { driver } = this;
    if (event.kind === 'dial') this.sim.after(DIAL, () => this.#connect(event.server));
    if (event.kind === 'close-bases') for (const base of event.bases) driver.removeBase(base);
    if (event.kind !== 'open-bases') return;
    const opened = event.bases.map((base) => ({ base, port: this.#host.addBase(driver, base) }));
    this.session.handleBases(event.bases, opened, driver.now);
    driver.poke();
  }

  #connect(server: Endpoint): void {
    const { driver, session } = this;
    const way = this.#dial?.(driver);
    if (way === undefined) session.endWay(server, server, driver.now);
    else session.addWay(server, way, driver.now);
    driver.poke();
  }
}

/** What a computer with these addresses knows of its networks. */
export function networksOf(hosts: readonly Host[], port: number): LocalNetworks {
  return {
    localEndpoints: hosts.map((host) => host.endpoint(port)),
    interfaces: hosts.map(({ address }) => ({
      address,
      prefixLength: address.includes(':') ? 64 : 24,
    })),
  };
}
