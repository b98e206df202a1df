import type { Machine } from '../../src/protocol/machine.ts';
import { type Instant, instant } from '../../src/protocol/time.ts';
import type { Endpoint } from '../../src/protocol/wire/endpoint.ts';
import { Driver, type DriverOptions } from './driver.ts';
import type { EventTarget, SimulatedEvent } from './event-queue.ts';
import type { LinePair, LinkOptions } from './link-options.ts';
import type { Packet, Sink } from './packet.ts';
import { familyOf, type Socket } from './socket-set.ts';
import { connect, type Line, type World } from './world.ts';

export interface HostCounters {
  sent: number;
  sentBytes: number;
  received: number;
  receivedBytes: number;
  /** Came to a port on which nothing runs. */
  unheard: number;
}

/** Where systems begin to choose ports by themselves (RFC 6335 §6). */
const FIRST_BASE_PORT = 49_152;

/** How a machine is run: its UDP port, and the host's habits that `DriverOptions` lists. */
export interface RunOptions<Event> extends DriverOptions<Event> {
  readonly port: number;
}

/** What a host keeps of a driver, whatever its machine's events are. */
interface Program {
  receive(packet: Packet, now: Instant, base?: number): void;
  poke(): void;
}

/** A machine on the network with one address and a program on each of some UDP ports. */
export class Host implements Sink, EventTarget {
  readonly name: string;
  readonly address: string;
  readonly line: Line;
  readonly counters: HostCounters = {
    sent: 0,
    sentBytes: 0,
    received: 0,
    receivedBytes: 0,
    unheard: 0,
  };
  readonly #world: World;
  #nextBasePort = FIRST_BASE_PORT;
  readonly #programs = new Map<number, { readonly program: Program; readonly base?: number }>();

  constructor(
    world: World,
    name: string,
    address: string,
    network: Sink,
    line: LinePair & { readonly standard: LinkOptions },
  ) {
    this.#world = world;
    this.name = name;
    this.address = address;
    this.line = connect(world, name, { node: this, network }, line);
  }

  /** The endpoint on `port`, as seen on this host. */
  endpoint(port: number): Endpoint {
    return this.#world.endpoints.at(this.address, port);
  }

  /** Runs a machine on a free port, from the next event on, until the driver is stopped. */
  run<Event>(machine: Machine<Event>, options: RunOptions<Event>): Driver<Event> {
    const { port } = options;
    const driver = new Driver(this.#world, machine, this.#socket(port), options);
    this.#programs.set(port, { program: driver });
    driver.poke();
    return driver;
  }

  /** Lets a driver of another host go on here: its computer has this address now, or this one as well. */
  attach<Event>(driver: Driver<Event>, port: number): void {
    driver.sockets.attach(this.#socket(port));
    this.#programs.set(port, { program: driver });
  }

  /** Opens another socket for a driver, on a port that was never used unless told; yields it. */
  addBase<Event>(driver: Driver<Event>, base: number, port: number = this.#nextBasePort++): number {
    driver.addBase(base, this.#socket(port));
    this.#programs.set(port, { program: driver, base });
    return port;
  }

  /** Lets all machines be drained at once: something was asked of them from outside. */
  poke(): void {
    for (const { program } of this.#programs.values()) program.poke();
  }

  accept(packet: Packet, now: Instant): void {
    this.#world.fingerprint.add(packet, now);
    const listening = this.#programs.get(packet.to.port);
    if (listening === undefined) {
      this.counters.unheard += 1;
      return;
    }
    this.counters.received += 1;
    this.counters.receivedBytes += packet.payload.length;
    listening.program.receive(packet, now, listening.base);
  }

  /** A packet from this host to itself has arrived. */
  fire(event: SimulatedEvent, now: Instant): void {
    if (event.packet !== undefined) this.accept(event.packet, now);
  }

  #socket(port: number): Socket {
    if (this.#programs.has(port)) throw new Error(`port ${port} of ${this.name} is taken`);
    return {
      name: `${this.name}:${port}`,
      family: familyOf(this.address),
      send: (payload, to, ttl) => this.#send(port, payload, to, ttl),
      close: () => void this.#programs.delete(port),
    };
  }

  #send(port: number, payload: Uint8Array, to: Endpoint, ttl: number | undefined): void {
    const { queue } = this.#world;
    this.counters.sent += 1;
    this.counters.sentBytes += payload.length;
    const isShortLived = ttl !== undefined;
    const packet = {
      from: this.endpoint(port),
      to,
      payload,
      ...(isShortLived && { isShortLived }),
    };
    if (to.address === this.address) queue.schedule(instant(queue.now), this, packet);
    else this.line.up.send(packet, queue.now);
  }
}
