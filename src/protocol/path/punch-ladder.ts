import { type NatBehavior, UNKNOWN_NAT } from '../nat/nat-behavior.ts';
import type { Random } from '../ports.ts';
import { after, earliest, type Instant, type Millis, millis } from '../time.ts';
import type { Endpoint } from '../wire/endpoint.ts';
import { limits } from './limits.ts';
import type { PathEvent } from './path-event.ts';
import type { ProbeNonce } from './probe-codec.ts';
import type { ProbeSender } from './probe-sender.ts';
import { Punch } from './punch.ts';
import { choosePlan, isHard, type PunchPlan, type PunchSide } from './punch-plan.ts';

/** Plain probes open what they can within two round trips; then it is time for more. */
const PATIENCE: Millis = millis(600);
/** A sample of the allocator takes a round trip to the server, and the peer has to hear of it. */
const SAMPLE_AHEAD: Millis = millis(300);
/** From the start of one round to that of the next; the last one is repeated. */
const PAUSES: readonly Millis[] = [millis(15_000), millis(60_000), millis(120_000)];

/** What both sides are like, and where the server saw the peer. */
export interface Terrain {
  readonly own: PunchSide;
  /** Absent until it has said something of itself. */
  readonly peer?: PunchSide;
  readonly remote: Endpoint;
}

/**
 * What is tried while there is no direct path and plain probes do not open one: predicting the
 * ports of a NAT, or searching for them. One round at a time, ever more seldom, while a relay
 * carries what there is to carry.
 */
export class PunchLadder {
  readonly #sender: ProbeSender;
  readonly #random: Pick<Random, 'integer'>;
  readonly #events: PathEvent[] = [];
  #terrain: Terrain | undefined;
  #punch: Punch | undefined;
  #rounds = 0;
  #roundAt: Instant;
  #sampleAt: Instant | undefined;
  #nextBase: number = limits.firstPunchBase;
  /** Bases that are open, or asked for. */
  #bases: number[] = [];

  constructor(
    parts: { readonly sender: ProbeSender; readonly random: Pick<Random, 'integer'> },
    now: Instant,
  ) {
    this.#sender = parts.sender;
    this.#random = parts.random;
    this.#roundAt = after(now, PATIENCE);
    this.#sampleAt = after(now, SAMPLE_AHEAD);
  }

  /** Both sides are known, or better known than before. */
  survey(terrain: Terrain): void {
    this.#terrain = terrain;
  }

  /** What our NATs and those of the peer do, as far as that is known. */
  get nats(): { readonly own: NatBehavior; readonly peer: NatBehavior } {
    const { own, peer } = this.#terrain ?? {};
    return { own: own?.nat ?? UNKNOWN_NAT, peer: peer?.nat ?? UNKNOWN_NAT };
  }

  /** Whether an answer from `remote` is to a probe of the running round. */
  owns(nonce: ProbeNonce, remote: Endpoint): boolean {
    return this.#punch?.owns(nonce, remote) ?? false;
  }

  handleBases(bases: readonly number[]): void {
    this.#punch?.handleBases(bases.filter((base) => this.#bases.includes(base)));
  }

  /** `hasDirect`: whether there is nothing left to be tried for. */
  handleTimeout(hasDirect: boolean, now: Instant): void {
    if (this.#punch !== undefined && (hasDirect || this.#punch.isOver(now)))
      this.#punch = undefined;
    this.#punch?.handleTimeout(now);
    if (this.#sampleAt !== undefined && now >= this.#sampleAt) {
      this.#sampleAt = undefined;
      if (!hasDirect && this.#isOwnHard) this.#events.push({ kind: 'sample-wanted' });
    }
    if (now >= this.#roundAt && this.#terrain?.peer !== undefined) this.#begin(hasDirect, now);
  }

  pollTimeout(): Instant | undefined {
    const round = this.#terrain?.peer === undefined ? undefined : this.#roundAt;
    return earliest(this.#punch?.pollTimeout(), this.#sampleAt, round);
  }

  pollEvent(): PathEvent | undefined {
    return this.#events.shift();
  }

  /** Gives back all sockets but those in use. */
  release(inUse: ReadonlySet<number>): void {
    const spare = this.#bases.filter((base) => !inUse.has(base));
    if (spare.length === 0) return;
    this.#bases = this.#bases.filter((base) => inUse.has(base));
    this.#events.push({ kind: 'close-bases', bases: spare });
  }

  /** Whether there are sockets that no round needs. */
  get hasSpareBases(): boolean {
    return this.#punch === undefined && this.#bases.length > 0;
  }

  get #isOwnHard(): boolean {
    return this.#terrain !== undefined && isHard(this.#terrain.own.nat);
  }

  #begin(hasDirect: boolean, now: Instant): void {
    const pause = PAUSES[Math.min(this.#rounds, PAUSES.length - 1)] as Millis;
    this.#rounds += 1;
    this.#roundAt = after(now, pause);
    this.#sampleAt = after(now, millis(pause - SAMPLE_AHEAD));
    const { own, peer, remote } = this.#terrain ?? {};
    if (hasDirect || own === undefined || peer === undefined || remote === undefined) return;
    this.#start(choosePlan(own, peer, now), remote, now);
  }

  #start(plan: PunchPlan, remote: Endpoint, now: Instant): void {
    if (plan.kind === 'none') return;
    const punch = new Punch({ plan, remote, sender: this.#sender, random: this.#random }, now);
    this.#punch = punch;
    if (punch.sockets > 0) {
      const bases = Array.from({ length: punch.sockets }, (_, i) => this.#nextBase + i);
      this.#nextBase += punch.sockets;
      this.#bases.push(...bases);
      this.#events.push({ kind: 'open-bases', bases });
    }
    punch.handleTimeout(now);
  }
}
