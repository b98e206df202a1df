import type { Machine } from '../../../src/protocol/machine.ts';
import { after, type Instant, instant, millis } from '../../../src/protocol/time.ts';
import { type Endpoint, endpointKey } from '../../../src/protocol/wire/endpoint.ts';
import { SeededRandom } from '../../support/seeded-random.ts';

interface Node<Event> {
  endpoint: Endpoint;
  readonly machine: Machine<Event>;
  readonly events: Event[];
}

interface Sent {
  readonly at: Instant;
  readonly from: Endpoint;
  readonly to: Endpoint;
  readonly bytes: number;
  readonly payload: Uint8Array;
}

interface Flight {
  readonly at: Instant;
  readonly from: Endpoint;
  readonly to: Endpoint;
  readonly payload: Uint8Array;
  /** Where it goes, if not by its address. */
  readonly pipe?: Pipe;
}

/** One direction of a connection. */
interface Pipe {
  readonly sender: Machine<unknown>;
  readonly receiver: Machine<unknown>;
  /** The receiver as the sender knows it, and the other way round. */
  readonly to: Endpoint;
  readonly from: Endpoint;
}

/** A network in virtual time: every batch takes 20 ms and is lost with probability `loss`. */
export class Network {
  now: Instant = instant(0);
  /** Every batch that was sent, lost ones too. */
  readonly sent: Sent[] = [];
  readonly random: SeededRandom;
  readonly #loss: number;
  readonly #nodes: Node<unknown>[] = [];
  #flights: Flight[] = [];
  #pipes: Pipe[] = [];
  /** What becomes of a datagram; all of them arrive by default. */
  blocks: (from: Endpoint, to: Endpoint) => boolean = () => false;

  constructor({ seed = 1, loss = 0 } = {}) {
    this.random = new SeededRandom(seed);
    this.#loss = loss;
  }

  /** Puts a machine at an endpoint; yields all the events it will ever tell. */
  attach<Event>(endpoint: Endpoint, machine: Machine<Event>): Event[] {
    const events: Event[] = [];
    this.#nodes.push({ endpoint, machine, events });
    return events;
  }

  /** What the machine sends from now on comes from another endpoint, as after a NAT's rebinding. */
  move(machine: Machine<unknown>, endpoint: Endpoint): void {
    for (const node of this.#nodes) if (node.machine === machine) node.endpoint = endpoint;
  }

  detach(machine: Machine<unknown>): void {
    const index = this.#nodes.findIndex((node) => node.machine === machine);
    this.#nodes.splice(index, 1);
  }

  /** Connects two machines, each of which knows the other by an endpoint with a base. */
  connect(
    client: { machine: Machine<unknown>; seenAs: Endpoint },
    server: { machine: Machine<unknown>; seenAs: Endpoint },
  ): void {
    const ends = [client, server] as const;
    for (const [near, far] of [ends, [server, client] as const]) {
      this.#pipes.push({
        sender: near.machine,
        receiver: far.machine,
        to: far.seenAs,
        from: near.seenAs,
      });
    }
  }

  /** Ends all connections of a machine; what is under way is lost. */
  disconnect(machine: Machine<unknown>): void {
    this.#pipes = this.#pipes.filter((pipe) => ![pipe.sender, pipe.receiver].includes(machine));
  }

  /** Lets virtual time pass until a condition holds, at most for `limitMs`. */
  run(limitMs: number, until: () => boolean = () => false): void {
    const end = after(this.now, millis(limitMs));
    this.#drain();
    while (!until()) {
      const next = this.#nextTime();
      if (next === undefined || next > end) {
        this.now = end;
        return;
      }
      this.now = instant(Math.max(this.now, next));
      this.#deliver();
      for (const { machine } of this.#nodes) {
        const at = machine.pollTimeout();
        if (at !== undefined && at <= this.now) machine.handleTimeout(this.now);
      }
      this.#drain();
    }
  }

  #deliver(): void {
    const due = this.#flights.filter((flight) => flight.at <= this.now);
    this.#flights = this.#flights.filter((flight) => flight.at > this.now);
    for (const { from, to, payload, pipe } of due) {
      if (pipe !== undefined) {
        if (this.#pipes.includes(pipe)) pipe.receiver.handleBatch(payload, from, this.now);
        continue;
      }
      const node = this.#nodes.find(({ endpoint }) => endpointKey(endpoint) === endpointKey(to));
      node?.machine.handleBatch(payload, from, this.now);
    }
  }

  #drain(): void {
    for (const { endpoint, machine, events } of this.#nodes) {
      for (let out = machine.pollTransmit(this.now); out; out = machine.pollTransmit(this.now)) {
        const payload = out.payload.slice();
        out.release?.();
        const bytes = payload.length;
        this.sent.push({ at: this.now, from: endpoint, to: out.remote, bytes, payload });
        const at = after(this.now, millis(20));
        if (out.remote.base !== undefined) {
          this.#pour(machine, out.remote, payload, at);
          continue;
        }
        if (this.random.chance(this.#loss) || this.blocks(endpoint, out.remote)) continue;
        this.#flights.push({ at, from: endpoint, to: out.remote, payload });
      }
      for (let event = machine.pollEvent(); event; event = machine.pollEvent()) events.push(event);
    }
  }

  #pour(sender: Machine<unknown>, to: Endpoint, payload: Uint8Array, at: Instant): void {
    const key = endpointKey(to);
    const pipe = this.#pipes.find((one) => one.sender === sender && endpointKey(one.to) === key);
    if (pipe !== undefined) this.#flights.push({ at, from: pipe.from, to, payload, pipe });
  }

  #nextTime(): number | undefined {
    const times = this.#flights.map(({ at }) => at as number);
    for (const { machine } of this.#nodes) {
      const at = machine.pollTimeout();
      if (at !== undefined) times.push(at);
    }
    return times.length > 0 ? Math.min(...times) : undefined;
  }
}
