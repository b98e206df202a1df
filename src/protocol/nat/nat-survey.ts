import { addressClass } from '../path/address-class.ts';
import { after, type Instant, millis } from '../time.ts';
import type { Endpoint } from '../wire/endpoint.ts';
import { classifyAllocation, type PortSample } from './classify-allocation.ts';
import { classifyFiltering, classifyMapping, type Verdict } from './classify-mapping.ts';
import type { Inquiries, Inquiry } from './inquiry.ts';
import { limits } from './limits.ts';
import type { NatBehavior } from './nat-behavior.ts';
import type { NatFindings } from './nat-findings.ts';

/** A base that the shell has opened, and its local port. */
export interface OpenedBase {
  readonly base: number;
  readonly port: number;
}

/** The first question of a fresh socket: where it is seen shows how the NAT chooses ports. */
interface Sample extends OpenedBase {
  readonly inquiry: Inquiry;
}

/** One question at or about each of the server's other sockets, where it has them. */
interface Alternatives {
  readonly otherPort: Inquiry | undefined;
  readonly otherAddress: Inquiry | undefined;
}

const NO_ALTERNATIVES: Alternatives = { otherPort: undefined, otherAddress: undefined };

/**
 * The questions of one classification, each asked as soon as what it needs is known, and what their
 * answers mean together. After the idea of RFC 5780:
 *
 * - mapping: the ordinary socket asks at two ports and two addresses of the server;
 * - allocation: where several fresh sockets are seen;
 * - filtering: one of these, which has spoken to nobody else, asks to be answered from elsewhere;
 * - hairpinning: another one and the ordinary socket speak to each other's public endpoints.
 */
export class NatSurvey {
  readonly #server: Endpoint;
  readonly #inquiries: Inquiries;
  readonly #main: Inquiry;
  #samples: readonly Sample[] | undefined;
  /** What the ordinary socket asks the server's other sockets. */
  #elsewhere: Alternatives | undefined;
  /** What a fresh socket asks to be answered by them. */
  #strangers: Alternatives | undefined;
  #hairpins: readonly Inquiry[] | undefined;

  constructor(server: Endpoint, inquiries: Inquiries, now: Instant) {
    this.#server = server;
    this.#inquiries = inquiries;
    this.#main = inquiries.ask({ remote: server, wants: 'asked' }, now, now);
  }

  /** What is known by now. */
  get behavior(): NatBehavior {
    const first = this.#main.observed;
    const otherPort = this.#elsewhere?.otherPort?.observed;
    const otherAddress = this.#elsewhere?.otherAddress?.observed;
    const samples = (this.#samples ?? []).flatMap(portSample);
    const others = [first, otherPort, otherAddress].flatMap((seen) => seen?.port ?? []);
    return {
      mapping: classifyMapping({ first, otherPort, otherAddress }),
      filtering: classifyFiltering(
        verdict(this.#strangers?.otherPort),
        verdict(this.#strangers?.otherAddress),
      ),
      allocation: classifyAllocation(samples, others),
    };
  }

  /** The public port of the last of the fresh sockets that were seen in their order. */
  get lastSample(): number | undefined {
    const seen = this.#samples?.findLast(({ inquiry }) => inquiry.observed && inquiry.isInOrder);
    return seen?.inquiry.observed?.port;
  }

  /** What is known by now, and how well. */
  get findings(): NatFindings {
    const { otherPort, otherAddress } = this.#elsewhere ?? NO_ALTERNATIVES;
    const samples = (this.#samples ?? []).map(({ inquiry }) => inquiry);
    const seen = [this.#main, otherPort, otherAddress, ...samples];
    const { observed } = this.#main;
    return {
      behavior: this.behavior,
      observed,
      publicAddresses: [...new Set(seen.flatMap((inquiry) => inquiry?.observed?.address ?? []))],
      hairpin: hairpinOf(this.#hairpins),
      serverAddresses: otherAddress?.observed ? 2 : observed ? 1 : 0,
      rttMs: this.#inquiries.rtt,
    };
  }

  /** Whether there is nothing left to wait for. */
  get isComplete(): boolean {
    if (!this.#main.isSettled || !this.#samplesAreSettled) return false;
    if (!this.#main.isAnswered) return true;
    const { otherPort, otherAddress } = this.#elsewhere ?? NO_ALTERNATIVES;
    const { otherPort: portStranger, otherAddress: stranger } = this.#strangers ?? NO_ALTERNATIVES;
    return [otherPort, otherAddress, portStranger, stranger, ...(this.#hairpins ?? [])].every(
      (inquiry) => inquiry === undefined || inquiry.isSettled,
    );
  }

  /** Takes the fresh sockets, as many as there could be. */
  sample(bases: readonly OpenedBase[], now: Instant): void {
    this.#samples = bases.map(({ base, port }, index) => {
      const at = after(now, millis(index * limits.sampleSpacing));
      const remote = { ...this.#server, base };
      return { base, port, inquiry: this.#inquiries.ask({ remote, wants: 'endpoint' }, at, now) };
    });
  }

  /** Asks what can be asked by now. */
  advance(now: Instant): void {
    this.#askElsewhere(now);
    this.#askByStrangers(now);
    this.#tryHairpin(now);
  }

  #askElsewhere(now: Instant): void {
    const { alternates, token } = this.#main;
    if (this.#elsewhere !== undefined || alternates === undefined) return;
    const ask = (address: string, port: number) => {
      const remote = { ...this.#server, address, port };
      return this.#inquiries.ask({ remote, wants: 'endpoint', token }, now, now);
    };
    const { alternatePort: port, alternateAddress: other } = alternates;
    this.#elsewhere = {
      otherPort: port === 0 ? undefined : ask(this.#server.address, port),
      otherAddress: this.#isCredible(other) ? ask(other.address, other.port) : undefined,
    };
  }

  /** A server must not make us knock on doors inside our own network. */
  #isCredible({ address, port }: Endpoint): boolean {
    const { address: own } = this.#server;
    const isFamily = address.includes(':') === own.includes(':');
    return port !== 0 && isFamily && addressClass(address) === addressClass(own);
  }

  #askByStrangers(now: Instant): void {
    const { alternates } = this.#main;
    if (this.#strangers !== undefined || alternates === undefined) return;
    const fresh = this.#samples?.find(({ inquiry }) => inquiry.isAnswered);
    if (fresh === undefined) {
      if (this.#samplesAreSettled) this.#strangers = NO_ALTERNATIVES;
      return;
    }
    const { plan, token } = fresh.inquiry;
    const ask = (wants: 'other-port' | 'other-address') =>
      this.#inquiries.ask({ remote: plan.remote, wants, token }, now, now);
    this.#strangers = {
      otherPort: alternates.alternatePort === 0 ? undefined : ask('other-port'),
      otherAddress: alternates.alternateAddress.port === 0 ? undefined : ask('other-address'),
    };
  }

  // Last, and both ways, as two peers behind one NAT would do it: what it maps for this would look
  // like other people's flows among the samples.
  #tryHairpin(now: Instant): void {
    if (this.#hairpins !== undefined || !this.#main.isSettled || !this.#samplesAreSettled) return;
    const main = this.#main.observed;
    const last = this.#samples?.findLast(({ inquiry }) => inquiry.isAnswered);
    const other = last?.inquiry.observed;
    const isSafe = [main, other].every((seen) => seen && addressClass(seen.address) === 'public');
    if (!isSafe || !main || !other || !last) {
      this.#hairpins = [];
      return;
    }
    const { address, port } = other;
    this.#hairpins = [
      { ...main, base: last.base },
      { ...this.#server, address, port },
    ].map((remote) => this.#inquiries.ask({ remote, wants: 'echo' }, now, now));
  }

  get #samplesAreSettled(): boolean {
    return this.#samples?.every(({ inquiry }) => inquiry.isSettled) === true;
  }
}

function portSample({ port: localPort, inquiry }: Sample): PortSample[] {
  const { observed, isInOrder } = inquiry;
  return observed === undefined ? [] : [{ localPort, port: observed.port, isInOrder }];
}

function verdict(inquiry: Inquiry | undefined): Verdict {
  if (inquiry === undefined) return 'not-asked';
  return inquiry.isAnswered ? 'admitted' : inquiry.isSettled ? 'refused' : 'open';
}

function hairpinOf(inquiries: readonly Inquiry[] = []): boolean | undefined {
  if (inquiries.some(({ isAnswered }) => isAnswered)) return true;
  return inquiries.length > 0 && inquiries.every(({ isSettled }) => isSettled) ? false : undefined;
}
