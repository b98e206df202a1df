import type { Random } from '../ports.ts';
import { after, earliest, elapsed, type Instant, instant, type Millis, millis } from '../time.ts';
import { type Endpoint, endpointKey } from '../wire/endpoint.ts';
import { limits } from './limits.ts';
import { type Hops, OPENER_PASSES, type OpenerPass } from './opening.ts';
import { portsOf } from './port-search.ts';
import type { ProbeNonce } from './probe-codec.ts';
import type { ProbeSender } from './probe-sender.ts';
import type { PunchPlan } from './punch-plan.ts';

/** Sends between two looks at the clock; RFC 8445 §14.2 spaces new mappings by 5 ms. */
const TICK: Millis = millis(5);
/** Of a search: 2,048 probes in 2.6 s, 55 bytes each, 350 kbit/s. A transfer makes more packets. */
const SEARCH: Search = { probes: limits.searchProbes, perSecond: 800, burst: 16 };
/** Of one that both users have asked for: 20,000 in 4.2 s, 2 Mbit/s. */
const THOROUGH_SEARCH: Search = { probes: limits.thoroughProbes, perSecond: 4800, burst: 64 };
/** Openers of one pass, all to one address: 256 in 80 ms. */
const OPENERS_PER_TICK = 16;
/** A round is over then, whatever is left to send; the next one begins afresh. */
const ROUND: Millis = millis(5000);
/** Probes of sockets that meet: the peer's mapping is made within its first few. */
const MEETING_PASSES: readonly OpenerPass[] = [0, 100, 250, 500, 1000, 2000].map((at) => ({
  at: millis(at),
  ttl: undefined,
}));
/** When all sockets are sent from, by plan. */
const PASSES: Readonly<Record<PunchPlan['kind'], readonly OpenerPass[]>> = {
  none: [],
  search: [],
  openers: OPENER_PASSES,
  meet: MEETING_PASSES,
};

interface Search {
  readonly probes: number;
  readonly perSecond: number;
  /** What a late timer may catch up on at once. */
  readonly burst: number;
}

export interface PunchOptions {
  readonly plan: PunchPlan;
  /** Where the server saw the peer: nothing is sent to another address. */
  readonly remote: Endpoint;
  readonly sender: ProbeSender;
  readonly random: Pick<Random, 'integer'>;
}

/** A base that is to be probed from, in a pass. */
interface Opener {
  readonly remote: Endpoint;
  readonly ttl: Hops;
}

/** One round of a plan: sends its probes in their time, and knows their answers. */
export class Punch {
  readonly #options: PunchOptions;
  readonly #startedAt: Instant;
  /** The remotes of a search that are left, the next one last. */
  #targets: Endpoint[] = [];
  readonly #passes: OpenerPass[];
  readonly #openers: Opener[] = [];
  readonly #asked = new Map<number, { readonly salt: number; readonly remote: string }>();
  #bases: readonly number[] = [];
  #searched = 0;
  #tickAt: Instant;

  constructor(options: PunchOptions, now: Instant) {
    const { plan } = options;
    this.#options = options;
    this.#startedAt = now;
    this.#tickAt = now;
    this.#passes = [...PASSES[plan.kind]];
    if (this.sockets === 0) this.#targets = this.#targetsFrom([undefined]);
  }

  /** The sockets that the plan needs. */
  get sockets(): number {
    const { plan } = this.#options;
    return plan.kind === 'none' ? 0 : plan.sockets;
  }

  isOver(now: Instant): boolean {
    return now >= after(this.#startedAt, ROUND);
  }

  /** The sockets are there. */
  handleBases(bases: readonly number[]): void {
    this.#bases = bases;
    this.#targets = this.#targetsFrom(bases);
  }

  handleTimeout(now: Instant): void {
    if (this.#tickAt > now) return;
    this.#tickAt = after(now, TICK);
    this.#search(now);
    this.#open(now);
  }

  pollTimeout(): Instant | undefined {
    const end = after(this.#startedAt, ROUND);
    const isBusy = this.#targets.length > 0 || this.#openers.length > 0;
    if (isBusy) return earliest(this.#tickAt, end);
    const pass = this.#bases.length > 0 ? this.#passes[0] : undefined;
    if (pass === undefined) return end;
    return instant(Math.max(after(this.#startedAt, pass.at), this.#tickAt));
  }

  /** Whether an answer from `remote` is to one of our probes. */
  owns(nonce: ProbeNonce, remote: Endpoint): boolean {
    const asked = this.#asked.get(nonce.counter);
    return asked?.salt === nonce.salt && asked.remote === endpointKey(remote);
  }

  get #effort(): Search {
    const { plan } = this.#options;
    return plan.kind === 'search' && plan.thorough ? THOROUGH_SEARCH : SEARCH;
  }

  #search(now: Instant): void {
    if (this.#targets.length === 0) return;
    const { perSecond, burst } = this.#effort;
    const due = Math.floor((elapsed(this.#startedAt, now) * perSecond) / 1000) + 1;
    const count = Math.min(burst, due - this.#searched);
    // What could not be caught up on is not owed: the rate is a limit.
    this.#searched = due;
    for (let i = 0; i < count; i += 1) {
      const remote = this.#targets.pop();
      if (remote !== undefined) this.#ask({ remote, ttl: undefined });
    }
  }

  /** The remotes of a search from each of the bases, taking turns; `undefined` is our first socket. */
  #targetsFrom(bases: readonly (number | undefined)[]): Endpoint[] {
    const { plan, remote, random } = this.#options;
    if (plan.kind !== 'search') return [];
    const { address } = remote;
    const each = Math.floor(this.#effort.probes / bases.length);
    const rows = bases.map((base) =>
      portsOf(plan.ports, each, random).map(
        (port): Endpoint => (base === undefined ? { address, port } : { address, port, base }),
      ),
    );
    const length = Math.max(0, ...rows.map((row) => row.length));
    const turns = Array.from({ length }, (_, i) => rows.flatMap((row) => row[i] ?? []));
    return turns.flat().reverse();
  }

  #open(now: Instant): void {
    const pass = this.#passes[0];
    if (pass !== undefined && this.#bases.length > 0 && now >= after(this.#startedAt, pass.at)) {
      this.#passes.shift();
      const { plan, remote } = this.#options;
      const port = plan.kind === 'meet' ? plan.port : remote.port;
      for (const base of this.#bases) {
        this.#openers.push({ remote: { address: remote.address, port, base }, ttl: pass.ttl });
      }
    }
    for (const opener of this.#openers.splice(0, OPENERS_PER_TICK)) this.#ask(opener);
  }

  #ask({ remote, ttl }: Opener): void {
    const nonce = this.#options.sender.request(remote, ttl === undefined ? {} : { ttl });
    this.#asked.set(nonce.counter, { salt: nonce.salt, remote: endpointKey(remote) });
  }
}
