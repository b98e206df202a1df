import type { NatBehavior, PortAllocation } from '../../../src/protocol/nat/nat-behavior.ts';
import { PathAgent } from '../../../src/protocol/path/path-agent.ts';
import type { PathEvent } from '../../../src/protocol/path/path-event.ts';
import type { PortSamples } from '../../../src/protocol/path/punch-plan.ts';
import { type Millis, millis } from '../../../src/protocol/time.ts';
import type { Endpoint } from '../../../src/protocol/wire/endpoint.ts';
import type { Driver } from '../../support/driver.ts';
import type { Host } from '../../support/host.ts';
import type { NatOptions } from '../../support/nat.ts';
import type { PrivateNetwork } from '../../support/network.ts';
import { Simulation } from '../../support/simulator.ts';
import { agentOptions } from './support.ts';

const PORT = 5000;
const SERVER: Endpoint = { address: '203.0.113.1', port: 9420 };
/** After the agents have sent their first probes, and before the ladder begins. */
const SECOND_SAMPLE = millis(300);

/** One side: an agent behind a NAT, and what the server would know of it. */
class Puncher {
  readonly agent: PathAgent;
  readonly driver: Driver<PathEvent>;
  readonly events: PathEvent[] = [];
  readonly sim: Simulation;
  readonly network: PrivateNetwork;
  readonly host: Host;
  /** As the server saw it. */
  readonly seen: Endpoint;
  bases = 0;

  constructor(sim: Simulation, side: 'a' | 'b', network: PrivateNetwork) {
    this.sim = sim;
    this.network = network;
    this.host = network.host(side === 'a' ? '10.0.1.2' : '10.0.2.2');
    this.seen = this.sample(SERVER.port);
    this.agent = new PathAgent({ ...agentOptions(side), random: sim.random.fork(side) }, sim.now);
    this.driver = this.host.run(this.agent, {
      port: PORT,
      onEvent: (event) => this.#onEvent(event),
    });
  }

  /** What the NAT gives our socket towards a port of the server's. */
  sample(port: number): Endpoint {
    const { nat } = this.network.router;
    const external = nat.outbound(this.host.endpoint(PORT), { ...SERVER, port }, this.sim.now);
    if (external === undefined) throw new Error('the table of the NAT is full');
    return external;
  }

  /** What a prober would say of the NAT. */
  get behavior(): NatBehavior {
    const { mapping, filtering, allocation, ports } = this.network.router.nat.options;
    return { mapping, filtering, allocation: allocationOf(allocation, ports) };
  }

  get selected(): string | undefined {
    return this.agent.selected?.kind;
  }

  #onEvent(event: PathEvent): void {
    this.events.push(event);
    if (event.kind === 'close-bases') {
      for (const base of event.bases) this.driver.removeBase(base);
      this.bases -= event.bases.length;
    }
    if (event.kind !== 'open-bases') return;
    for (const base of event.bases) this.host.addBase(this.driver, base);
    this.bases += event.bases.length;
    this.agent.handleBases(event.bases);
    this.driver.poke();
  }
}

/** Two sides that were introduced to each other, and told of both NATs. */
export class Punching {
  readonly sim: Simulation;
  readonly a: Puncher;
  readonly b: Puncher;
  readonly #flowsPerSecond: number;

  constructor(seed: number, natOfA: NatOptions, natOfB: NatOptions, foreignPerSecond = 0) {
    this.sim = new Simulation({ seed });
    this.#flowsPerSecond = foreignPerSecond;
    const internet = this.sim.internet();
    internet.host(SERVER.address);
    this.a = new Puncher(this.sim, 'a', internet.nat('198.51.100.10', natOfA));
    this.b = new Puncher(this.sim, 'b', internet.nat('192.0.2.10', natOfB));
    this.#foreignFlows(foreignPerSecond);
    this.#introduce();
  }

  get isDirect(): boolean {
    return this.a.selected !== undefined && this.b.selected !== undefined;
  }

  /** Whether both have a path within so long. */
  run(within: Millis): boolean {
    return this.sim.run({ until: () => this.isDirect, within });
  }

  #introduce(): void {
    const { a, b } = this;
    const before = { a: a.seen.port, b: b.seen.port };
    a.agent.addCandidate({ kind: 'srflx', endpoint: b.seen }, this.sim.now);
    b.agent.addCandidate({ kind: 'srflx', endpoint: a.seen }, this.sim.now);
    for (const side of [a, b]) side.driver.poke();
    this.sim.after(SECOND_SAMPLE, () => {
      const at = this.sim.now;
      const rate = this.#flowsPerSecond;
      const samplesOfA = { before: before.a, after: a.sample(1).port, at, rate };
      const samplesOfB = { before: before.b, after: b.sample(1).port, at, rate };
      this.#survey(a, samplesOfA, b, samplesOfB);
      this.#survey(b, samplesOfB, a, samplesOfA);
    });
  }

  #survey(own: Puncher, samples: PortSamples, peer: Puncher, samplesOfPeer: PortSamples): void {
    const sides = {
      own: { nat: own.behavior, samples, thorough: false },
      peer: { nat: peer.behavior, samples: samplesOfPeer, thorough: false },
    };
    own.agent.survey({ ...sides, remote: peer.seen }, this.sim.now);
    own.driver.poke();
  }

  /** Other hosts behind both NATs take ports as well. */
  #foreignFlows(perSecond: number): void {
    if (perSecond === 0) return;
    let flows = 0;
    const again = () => {
      flows += 1;
      for (const { network } of [this.a, this.b]) {
        const internal = { address: '10.0.9.9', port: 1024 + flows };
        network.router.nat.outbound(internal, { ...SERVER, port: 53 }, this.sim.now);
      }
      this.sim.after(millis(1000 / perSecond), again);
    };
    again();
  }
}

function allocationOf(kind: NatOptions['allocation'], ports: NatOptions['ports']): PortAllocation {
  if (kind === 'sequential') return { kind, step: 1 };
  if (kind === 'random' && ports) return { kind: 'block', low: ports.first, high: ports.last };
  return { kind };
}
