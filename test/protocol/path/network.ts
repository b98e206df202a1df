import type { CandidateKind } from '../../../src/protocol/candidate.ts';
import {
  PathAgent,
  type PathAgentOptions,
  type PathStatus,
} from '../../../src/protocol/path/path-agent.ts';
import type { PathEvent } from '../../../src/protocol/path/path-event.ts';
import { type Instant, instant } from '../../../src/protocol/time.ts';
import {
  type Endpoint,
  formatEndpoint,
  sameEndpoint,
} from '../../../src/protocol/wire/endpoint.ts';
import { agentOptions, endpoint, seededRandom } from './support.ts';

export type Side = 'a' | 'b';

/** A way between the two sides: each reaches the other at that one's endpoint. */
export interface Way {
  kind: CandidateKind;
  a: Endpoint;
  b: Endpoint;
  /** One way, in milliseconds. */
  delay: number;
  /** Which side's packets get through; both, unless said otherwise. */
  open?: 'both' | 'none' | Side;
  /** The share of packets that get lost. */
  loss?: number;
}

/** A packet on its way, as the network saw it leave. */
export interface Sent {
  readonly time: number;
  readonly from: Side;
  readonly to: Endpoint;
  readonly payload: Uint8Array;
}

interface Flight {
  readonly time: number;
  readonly to: Side;
  readonly source: Endpoint;
  /** A transport packet when absent. */
  readonly payload: Uint8Array | undefined;
}

/** Two agents, some ways between them, and a clock that jumps from event to event. */
export class PathNetwork {
  now: Instant = instant(0);
  readonly sent: Sent[] = [];
  readonly ways: Way[];
  readonly agents: Record<Side, PathAgent>;
  /** Time, side and event, one line each. */
  readonly log: string[] = [];
  readonly #random = seededRandom(42);
  #flights: Flight[] = [];

  constructor(ways: Way[], options: Partial<Record<Side, Partial<PathAgentOptions>>> = {}) {
    this.ways = ways;
    this.agents = {
      a: new PathAgent(agentOptions('a', options.a), this.now),
      b: new PathAgent(agentOptions('b', options.b), this.now),
    };
  }

  /** Tells both sides of these ways, or of all of them. */
  signal(ways: readonly Way[] = this.ways): void {
    for (const { kind, a, b } of ways) {
      this.agents.a.addCandidate({ kind, endpoint: b }, this.now);
      this.agents.b.addCandidate({ kind, endpoint: a }, this.now);
    }
    this.#drain('a');
    this.#drain('b');
  }

  run(until: number): void {
    for (;;) {
      const next = Math.min(...this.#flights.map(({ time }) => time), ...this.#timeouts());
      if (next > until) break;
      this.now = instant(Math.max(this.now, next));
      this.#deliver();
      for (const side of ['a', 'b'] as const) {
        if ((this.agents[side].pollTimeout() ?? Number.POSITIVE_INFINITY) > this.now) continue;
        this.agents[side].handleTimeout(this.now);
        this.#drain(side);
      }
    }
    this.now = instant(until);
  }

  /** Lets `side` send a transport packet by its selected path every 20 ms until `until`. */
  runWithTraffic(sides: readonly Side[], until: number): void {
    while (this.now < until) {
      for (const side of sides) {
        const path = this.agents[side].selected;
        if (path !== undefined) this.#carry(side, path.remote, undefined);
      }
      this.run(Math.min(this.now + 20, until));
    }
  }

  /** Lets the session of `side` miss its peer. */
  doubt(side: Side): void {
    this.agents[side].doubt(this.now);
    this.#drain(side);
  }

  /** Puts a packet before `side` as if it came from `source`. */
  inject(side: Side, payload: Uint8Array, source: Endpoint): void {
    this.agents[side].handleBatch(payload, source, this.now);
    this.#drain(side);
  }

  selected(side: Side): string | undefined {
    const path = this.agents[side].selected;
    return path && `${path.kind} ${formatEndpoint(path.remote)}`;
  }

  status(side: Side, remote: Endpoint): PathStatus | undefined {
    return this.agents[side].paths.find((path) => sameEndpoint(path.remote, remote));
  }

  #timeouts(): number[] {
    return [this.agents.a, this.agents.b].map(
      (agent) => agent.pollTimeout() ?? Number.POSITIVE_INFINITY,
    );
  }

  #deliver(): void {
    const due = this.#flights.filter(({ time }) => time <= this.now);
    this.#flights = this.#flights.filter(({ time }) => time > this.now);
    for (const { to, source, payload } of due) {
      if (payload === undefined) this.agents[to].handleAuthenticated(source, this.now);
      else this.agents[to].handleBatch(payload, source, this.now);
      this.#drain(to);
    }
  }

  #drain(side: Side): void {
    const agent = this.agents[side];
    for (let out = agent.pollTransmit(this.now); out; out = agent.pollTransmit(this.now)) {
      this.sent.push({ time: this.now, from: side, to: out.remote, payload: out.payload });
      // What is not meant to arrive opens NATs, of which there are none here.
      if (out.ttl === undefined) this.#carry(side, out.remote, out.payload);
    }
    for (let event = agent.pollEvent(); event; event = agent.pollEvent()) {
      this.log.push(`${this.now} ${side} ${describe(event)}`);
    }
  }

  #carry(from: Side, remote: Endpoint, payload: Uint8Array | undefined): void {
    const to = from === 'a' ? 'b' : 'a';
    const way = this.ways.find((candidate) => sameEndpoint(candidate[to], remote));
    if (way === undefined || this.#isDropped(way, from)) return;
    this.#flights.push({ time: this.now + way.delay, to, source: way[from], payload });
  }

  #isDropped({ open = 'both', loss = 0 }: Way, from: Side): boolean {
    if (open !== 'both' && open !== from) return true;
    return this.#random.integer(1000) < loss * 1000;
  }
}

function describe(event: PathEvent): string {
  if (event.kind === 'observed') return `observed ${formatEndpoint(event.endpoint)}`;
  if (event.kind === 'sample-wanted') return event.kind;
  if (event.kind === 'open-bases' || event.kind === 'close-bases') {
    return `${event.kind} ${event.bases.length}`;
  }
  return `${event.kind} ${event.path.kind} ${formatEndpoint(event.path.remote)}`;
}

/** A LAN, the open internet and a relay, all of which work. */
export function threeWays(): { host: Way; direct: Way; relay: Way } {
  const host: Way = {
    kind: 'host',
    a: endpoint('192.168.1.2:4000'),
    b: endpoint('192.168.1.3:4000'),
    delay: 1,
  };
  const direct: Way = {
    kind: 'srflx',
    a: endpoint('198.51.100.1:4000'),
    b: endpoint('203.0.113.1:4000'),
    delay: 20,
  };
  const relay: Way = {
    kind: 'relay',
    a: endpoint('192.0.2.9:9420'),
    b: endpoint('192.0.2.9:9421'),
    delay: 35,
  };
  return { host, direct, relay };
}

/** Both sides two seconds after they heard of all `ways`. */
export function connected(ways: Way[]): PathNetwork {
  const network = new PathNetwork(ways);
  network.signal();
  network.run(2000);
  return network;
}
