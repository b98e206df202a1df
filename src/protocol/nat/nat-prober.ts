import type { Machine, Transmit } from '../machine.ts';
import type { Random } from '../ports.ts';
import { after, earliest, type Instant } from '../time.ts';
import type { Endpoint } from '../wire/endpoint.ts';
import { packetLength } from '../wire/packet.ts';
import { Inquiries, type Inquiry } from './inquiry.ts';
import { limits } from './limits.ts';
import type { NatBehavior } from './nat-behavior.ts';
import type { NatFindings } from './nat-findings.ts';
import { NatSurvey, type OpenedBase } from './nat-survey.ts';

export interface NatProberOptions {
  readonly server: Endpoint;
  readonly random: Random;
  /** Its fresh sockets are numbered upwards from here. */
  readonly firstBase: number;
}

export type NatProberEvent =
  /** Asks for sockets on any free port, of the server's family; answered by `handleBasesOpened`. */
  | { readonly kind: 'open-bases'; readonly bases: readonly number[] }
  | { readonly kind: 'close-bases'; readonly bases: readonly number[] }
  /** What `refresh` asked for; no port when nobody answered. */
  | { readonly kind: 'sample'; readonly port: number | undefined; readonly at: Instant }
  /** All is known that will be. */
  | { readonly kind: 'classified'; readonly findings: NatFindings };

interface Opening {
  readonly purpose: 'survey' | 'refresh';
  readonly bases: readonly number[];
}

interface Refresh {
  readonly base: number;
  readonly inquiry: Inquiry;
}

/**
 * Finds out what the NATs between us and the internet do: a survey, and later, as often as wanted,
 * where the allocator of ports stands. Everything that can goes on at the same time: it takes four
 * round trips, and the wait for what may never come.
 */
export class NatProber implements Machine<NatProberEvent> {
  readonly #server: Endpoint;
  readonly #inquiries: Inquiries;
  readonly #survey: NatSurvey;
  readonly #deadline: Instant;
  readonly #events: NatProberEvent[] = [];
  readonly #openings: Opening[] = [];
  readonly #open = new Set<number>();
  #nextBase: number;
  #refresh: Refresh | undefined;
  #state: 'surveying' | 'surveyed' | 'closed' = 'surveying';

  constructor({ server, random, firstBase }: NatProberOptions, now: Instant) {
    this.#server = server;
    this.#inquiries = new Inquiries(random);
    this.#survey = new NatSurvey(server, this.#inquiries, now);
    this.#deadline = after(now, limits.total);
    this.#nextBase = firstBase;
    this.#openBases('survey', limits.samples);
  }

  /** What is known by now. */
  get behavior(): NatBehavior {
    return this.#survey.behavior;
  }

  /** The last public port that the survey saw the allocator give. */
  get lastSample(): number | undefined {
    return this.#survey.lastSample;
  }

  /** What is known by now, and how well. */
  get findings(): NatFindings {
    return this.#survey.findings;
  }

  /**
   * Takes what could be opened of the bases of one `open-bases`: to be called once for each, in
   * their order, with an empty list when none could.
   */
  handleBasesOpened(opened: readonly OpenedBase[], now: Instant): void {
    const opening = this.#openings.shift();
    if (opening === undefined) return;
    const bases = opened.filter(({ base }) => opening.bases.includes(base));
    for (const { base } of bases) this.#open.add(base);
    const isWanted =
      opening.purpose === 'survey' ? this.#state === 'surveying' : this.#state !== 'closed';
    if (!isWanted) this.#closeBases(bases.map(({ base }) => base));
    else if (opening.purpose === 'survey') this.#survey.sample(bases, now);
    else this.#sample(bases[0]?.base, now);
    this.#advance(now);
  }

  /** Looks where the allocator stands now: one round trip of a fresh socket. One at a time. */
  refresh(): void {
    if (this.#state === 'closed') return;
    const isOpening = this.#openings.some(({ purpose }) => purpose === 'refresh');
    if (!isOpening && this.#refresh === undefined) this.#openBases('refresh', 1);
  }

  /** Ends it, whatever is known. */
  close(): void {
    this.#state = 'closed';
    this.#refresh = undefined;
    this.#inquiries.clear();
    this.#closeBases([...this.#open]);
  }

  handleBatch(batch: Uint8Array, remote: Endpoint, now: Instant): void {
    let offset = 0;
    while (offset < batch.length) {
      const length = packetLength(batch, offset);
      if (length === 0) return;
      this.handlePacket(batch.subarray(offset, offset + length), remote, now);
      offset += length;
    }
  }

  /** Takes one packet, and says whether it was for the prober. */
  handlePacket(packet: Uint8Array, remote: Endpoint, now: Instant): boolean {
    const isOurs = this.#inquiries.handlePacket(packet, remote, now);
    if (isOurs) this.#advance(now);
    return isOurs;
  }

  handleTimeout(now: Instant): void {
    this.#inquiries.handleTimeout(now);
    this.#advance(now);
  }

  pollTransmit(): Transmit | undefined {
    return this.#inquiries.pollTransmit();
  }

  pollEvent(): NatProberEvent | undefined {
    return this.#events.shift();
  }

  pollTimeout(): Instant | undefined {
    return earliest(
      this.#inquiries.pollTimeout(),
      this.#state === 'surveying' ? this.#deadline : undefined,
    );
  }

  #openBases(purpose: Opening['purpose'], count: number): void {
    const bases = Array.from({ length: count }, (_, index) => this.#nextBase + index);
    this.#nextBase += count;
    this.#openings.push({ purpose, bases });
    this.#events.push({ kind: 'open-bases', bases });
  }

  #closeBases(bases: readonly number[]): void {
    for (const base of bases) this.#open.delete(base);
    if (bases.length > 0) this.#events.push({ kind: 'close-bases', bases });
  }

  #sample(base: number | undefined, now: Instant): void {
    if (base === undefined) this.#events.push({ kind: 'sample', port: undefined, at: now });
    else {
      const remote = { ...this.#server, base };
      const inquiry = this.#inquiries.ask({ remote, wants: 'endpoint' }, now, now);
      this.#refresh = { base, inquiry };
    }
  }

  #advance(now: Instant): void {
    this.#endRefresh(now);
    if (this.#state !== 'surveying') return;
    this.#survey.advance(now);
    if (now >= this.#deadline || this.#survey.isComplete) this.#finish();
  }

  #finish(): void {
    this.#state = 'surveyed';
    this.#events.push({ kind: 'classified', findings: this.findings });
    this.#inquiries.clear(this.#refresh?.inquiry);
    this.#closeBases([...this.#open].filter((base) => base !== this.#refresh?.base));
  }

  #endRefresh(now: Instant): void {
    const refresh = this.#refresh;
    if (refresh === undefined || !refresh.inquiry.isSettled) return;
    this.#refresh = undefined;
    this.#events.push({ kind: 'sample', port: refresh.inquiry.observed?.port, at: now });
    this.#closeBases([refresh.base]);
  }
}
