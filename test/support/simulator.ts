import { after, elapsed, type Instant, instant, type Millis } from '../../src/protocol/time.ts';
import type { Endpoint } from '../../src/protocol/wire/endpoint.ts';
import { EndpointTable } from './endpoint-table.ts';
import { EventQueue } from './event-queue.ts';
import { Fingerprint } from './fingerprint.ts';
import { Internet, type Tap } from './network.ts';
import { PacketMemory } from './packet-memory.ts';
import { SeededRandom } from './seeded-random.ts';

// Not zero, so that nobody takes a span for a point in time unnoticed.
const ORIGIN = instant(7_654_321);
const DEFAULT_EVENT_BUDGET = 20_000_000;

export interface SimulationOptions {
  readonly seed: number;
  /** Events after which a run is taken for endless. Default 20 million. */
  readonly eventBudget?: number;
}

export interface RunLimits {
  /** Asked after every event; the run ends when it is true. */
  readonly until?: () => boolean;
  /** Virtual time that the run may take. */
  readonly within: Millis;
}

/**
 * A small world in virtual time: hosts, links and NATs, repeatable to the bit from its seed.
 *
 *     const sim = new Simulation({ seed });
 *     const internet = sim.internet();
 *     const server = internet.host('203.0.113.1');
 *     const home = internet.nat('198.51.100.10', NAT.portRestricted, wifi);
 *     const alice = home.host('10.0.1.2');
 *     alice.run(machine, { port: 5000, onEvent });
 *     expect(sim.run({ until: () => done, within: millis(60_000) })).toBe(true);
 */
export class Simulation {
  readonly seed: number;
  /** For the ports of machines: `sim.random.fork('alice')`. */
  readonly random: SeededRandom;
  readonly #queue = new EventQueue(ORIGIN);
  readonly #endpoints = new EndpointTable();
  readonly #fingerprint = new Fingerprint();
  readonly #internet: Internet;
  readonly #eventBudget: number;
  #events = 0;

  constructor({ seed, eventBudget = DEFAULT_EVENT_BUDGET }: SimulationOptions) {
    this.seed = seed;
    this.random = new SeededRandom(seed);
    this.#eventBudget = eventBudget;
    this.#internet = new Internet({
      seed,
      queue: this.#queue,
      endpoints: this.#endpoints,
      random: this.random.fork('network'),
      fingerprint: this.#fingerprint,
      memory: new PacketMemory(),
    });
  }

  get now(): Instant {
    return this.#queue.now;
  }

  /** Virtual time since the start. */
  get elapsed(): Millis {
    return elapsed(ORIGIN, this.#queue.now);
  }

  /** Events that have happened. */
  get events(): number {
    return this.#events;
  }

  /** A hash over everything that hosts have received and when; equal for equal runs. */
  get fingerprint(): string {
    return this.#fingerprint.value;
  }

  internet(): Internet {
    return this.#internet;
  }

  /** Shows every datagram on the public internet to `tap`, which decides what becomes of it. */
  tap(tap: Tap): void {
    this.#internet.tap(tap);
  }

  /** Puts a datagram on the public internet, from wherever it claims to come. No tap sees it. */
  inject(packet: { from: Endpoint; to: Endpoint; payload: Uint8Array }): void {
    const from = this.#endpoints.intern(packet.from);
    const to = this.#endpoints.intern(packet.to);
    const payload = new Uint8Array(packet.payload);
    this.#internet.inject({ from, to, payload }, this.now);
  }

  /** Lets `action` happen once `delay` has passed. */
  after(delay: Millis, action: () => void): void {
    this.#queue.schedule(after(this.now, delay), { fire: action });
  }

  /**
   * Lets time pass until `until` is true (yields true) or `within` has passed (yields false).
   * Throws, and names the seed, when the event budget of the simulation is spent.
   */
  run({ until = () => false, within }: RunLimits): boolean {
    const end = after(this.now, within);
    while (!until()) {
      const next = this.#queue.next;
      if (next === undefined || next > end) {
        this.#queue.advance(end);
        return until();
      }
      this.#spend();
      this.#queue.step();
    }
    return true;
  }

  #spend(): void {
    this.#events += 1;
    if (this.#events <= this.#eventBudget) return;
    const spent = `${this.#eventBudget} events in ${this.elapsed} ms of virtual time`;
    throw new Error(`seed ${this.seed}: the event budget is spent: ${spent}`);
  }
}
