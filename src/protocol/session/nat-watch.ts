import type { Transmit } from '../machine.ts';
import { NatProber, type NatProberEvent } from '../nat/nat-prober.ts';
import type { OpenedBase } from '../nat/nat-survey.ts';
import type { Random } from '../ports.ts';
import { elapsed, type Instant } from '../time.ts';
import type { Endpoint } from '../wire/endpoint.ts';
import { forEachPacket } from '../wire/packet-runs.ts';
import type { Situation } from './signal.ts';

/** Numbers of the prober's bases are from here on; those of punching are below (path/limits.ts). */
const FIRST_BASE = 2_000_000;
/** More than one prober ever opens, so that those of the one before are told apart. */
const BASES_OF_A_PROBER = 10_000;

type NatSituation = Pick<Situation, 'nat' | 'samples'>;
type PortSamples = NonNullable<Situation['samples']>;

export type NatWatchEvent =
  | Extract<NatProberEvent, { kind: 'open-bases' | 'close-bases' }>
  /** More is known of our NATs than before, or they have changed. */
  | { readonly kind: 'changed'; readonly situation: NatSituation };

/** What our NATs do, from the time that a server has answered on: for the peer, and for the ladder. */
export class NatWatch {
  readonly #random: Random;
  readonly #events: NatWatchEvent[] = [];
  #server: Endpoint | undefined;
  #prober: NatProber | undefined;
  #firstBase = FIRST_BASE;
  #told: NatSituation | undefined;
  #samples: Situation['samples'];
  #hasMet = false;

  constructor(random: Random) {
    this.#random = random;
  }

  /** A server has answered. Only the first is asked, and only by IPv4: IPv6 has no ports to guess. */
  begin(server: Endpoint, now: Instant): void {
    if (this.#prober !== undefined || server.address.includes(':')) return;
    this.#server = server;
    this.#prober = new NatProber({ server, random: this.#random, firstBase: this.#firstBase }, now);
    this.#drain();
  }

  /** We are in another network: what has been found out is of NATs that are not ours any more. */
  restart(now: Instant): void {
    if (this.#server === undefined) return;
    this.close();
    this.#prober = undefined;
    this.#samples = undefined;
    this.#firstBase += BASES_OF_A_PROBER;
    this.begin(this.#server, now);
  }

  /** The allocator is looked at: somebody comes, or the ladder wants to know. */
  refresh(): void {
    if (this.#isCounting) this.#prober?.refresh();
    this.#drain();
  }

  /** The peer is met: from now on its mapping exists, and samples lie above it. */
  meet(now: Instant): NatSituation | undefined {
    this.#hasMet = true;
    const port = this.#prober?.lastSample;
    if (port !== undefined) this.#samples ??= { before: port, after: port, at: now, rate: 0 };
    return this.#prober && this.#situation(this.#prober);
  }

  owns(base: number): boolean {
    return base >= FIRST_BASE;
  }

  handleBases(asked: readonly number[], opened: readonly OpenedBase[], now: Instant): void {
    // Asked for before a restart: nobody waits for them any more.
    const isLate = asked.some((base) => base < this.#firstBase);
    if (!isLate) this.#prober?.handleBasesOpened(opened, now);
    else this.#events.push({ kind: 'close-bases', bases: opened.map(({ base }) => base) });
    this.#drain();
  }

  /** Takes a run of rendezvous packets; whether all were answers to what was asked here. */
  handleRun(run: Uint8Array, remote: Endpoint, now: Instant): boolean {
    if (this.#prober === undefined) return false;
    let isOurs = true;
    forEachPacket(run, (packet) => {
      isOurs = this.#prober?.handlePacket(packet, remote, now) === true && isOurs;
    });
    this.#drain();
    return isOurs;
  }

  handleTimeout(now: Instant): void {
    this.#prober?.handleTimeout(now);
    this.#drain();
  }

  pollTransmit(): Transmit | undefined {
    return this.#prober?.pollTransmit();
  }

  pollEvent(): NatWatchEvent | undefined {
    return this.#events.shift();
  }

  pollTimeout(): Instant | undefined {
    return this.#prober?.pollTimeout();
  }

  close(): void {
    this.#prober?.close();
    this.#drain();
  }

  /** Any other allocator is not where it was, or says nothing by where it is. */
  get #isCounting(): boolean {
    return this.#prober?.behavior.allocation.kind === 'sequential';
  }

  #drain(): void {
    const prober = this.#prober;
    if (prober === undefined) return;
    for (let event = prober.pollEvent(); event; event = prober.pollEvent()) {
      if (event.kind === 'sample') this.#onSample(event.port, event.at);
      else if (event.kind !== 'classified') this.#events.push(event);
    }
    const situation = this.#situation(prober);
    if (this.#told !== undefined && isSame(this.#told, situation)) return;
    this.#told = situation;
    this.#events.push({ kind: 'changed', situation });
  }

  #onSample(port: number | undefined, at: Instant): void {
    if (port === undefined) return;
    const last = this.#samples;
    const before = this.#hasMet ? (last?.before ?? port) : port;
    this.#samples = { before, after: port, at, rate: rateBetween(last, port, at) };
  }

  #situation(prober: NatProber): NatSituation {
    return { nat: prober.behavior, samples: this.#samples };
  }
}

/** How fast the allocator went from the last sample to this one; too close together, they say nothing. */
function rateBetween(last: PortSamples | undefined, port: number, at: Instant): number {
  const span = last === undefined ? 0 : elapsed(last.at, at);
  if (last === undefined || span < SHORTEST_SPAN) return last?.rate ?? 0;
  return Math.max(0, Math.round(((port - last.after) * 1000) / span));
}

/** Below it, our own mappings are most of what is counted. */
const SHORTEST_SPAN = 100;

/** By what is told of them: a handful of strings and numbers. */
function isSame(a: NatSituation, b: NatSituation): boolean {
  return JSON.stringify(a) === JSON.stringify(b);
}
