import type { Candidate, CandidateKind } from '../candidate.ts';
import { after, type Instant, type Millis } from '../time.ts';
import { isStream } from '../wire/endpoint.ts';
import { OutstandingProbes } from './outstanding-probes.ts';
import { nextPairState, type PairEvent, type PairState } from './pair-state.ts';
import type { RankedPath } from './path-selection.ts';
import type { ProbeNonce } from './probe-codec.ts';
import type { CheckProgress } from './probe-schedule.ts';
import { timers } from './timers.ts';

/**
 * A remote candidate and the checks to it. RFC 8445 pairs it with a local one; our only local
 * candidate is the socket of its address family, so the remote names the pair.
 */
export class CandidatePair implements CheckProgress, RankedPath {
  candidate: Candidate;
  #state: PairState = 'waiting';
  #since: Instant;
  #heardAt: Instant;
  #lastProbeAt: Instant | undefined;
  #triggeredAt: Instant | undefined;
  #unanswered = 0;
  #wasHeard = false;
  #doubtedAt: Instant | undefined;
  // The last one, and the least since the pair began to work.
  #roundTrips: { readonly last: Millis; readonly least: Millis } | undefined;
  readonly #outstanding = new OutstandingProbes();

  constructor(candidate: Candidate, now: Instant) {
    this.candidate = candidate;
    this.#since = now;
    this.#heardAt = now;
  }

  get kind(): CandidateKind {
    return this.candidate.kind;
  }

  get family(): 4 | 6 {
    return this.candidate.endpoint.address.includes(':') ? 6 : 4;
  }

  get stream(): boolean {
    return isStream(this.candidate.endpoint);
  }

  get state(): PairState {
    return this.#state;
  }

  get since(): Instant {
    return this.#since;
  }

  get heardAt(): Instant {
    return this.#heardAt;
  }

  get lastProbeAt(): Instant | undefined {
    return this.#lastProbeAt;
  }

  get triggeredAt(): Instant | undefined {
    return this.#triggeredAt;
  }

  /** Whether anything authentic ever came from the remote. */
  get wasHeard(): boolean {
    return this.#wasHeard;
  }

  get unanswered(): number {
    return this.#unanswered;
  }

  get doubtedAt(): Instant | undefined {
    return this.#doubtedAt;
  }

  get rtt(): Millis | undefined {
    return this.#roundTrips?.last;
  }

  get leastRtt(): number {
    return this.#roundTrips?.least ?? Number.POSITIVE_INFINITY;
  }

  probeSent(nonce: ProbeNonce, nominate: boolean, now: Instant): void {
    this.#enter('probe-sent');
    this.#outstanding.add({ nonce, nominate, sentAt: now });
    this.#lastProbeAt = now;
    this.#triggeredAt = undefined;
    this.#unanswered += 1;
  }

  /** Takes an answer from the remote; `undefined` when no request awaits it. */
  answered(nonce: ProbeNonce, now: Instant): { nominate: boolean } | undefined {
    const answer = this.#outstanding.answer(nonce, now);
    if (answer === undefined) return undefined;
    // What a pair measured before it failed may have been another route.
    const before = this.#state === 'succeeded' ? this.#roundTrips : undefined;
    const least = before !== undefined && before.least < answer.rtt ? before.least : answer.rtt;
    this.#roundTrips = { last: answer.rtt, least };
    this.#enter('answered');
    this.heard(now);
    return answer;
  }

  /** Something authentic came from the remote. */
  heard(now: Instant): void {
    this.#wasHeard = true;
    this.#heardAt = now;
    this.#unanswered = 0;
    this.#doubtedAt = undefined;
  }

  /** There is a reason to think that it does not work any more: it has to answer soon. */
  doubt(now: Instant): void {
    if (this.#state === 'succeeded') this.#doubtedAt ??= now;
  }

  /**
   * RFC 8445 §7.3.1.4, triggered check: the peer was heard on a pair that does not work yet, so
   * the way to it may just have opened. Not more often than checks are made anyway, but for the
   * first time: our probes may have gone no further than our own NAT until now.
   */
  trigger(now: Instant): void {
    const isFirst = this.#lastProbeAt === undefined || !this.#wasHeard;
    this.#wasHeard = true;
    const soonest = isFirst ? now : after(this.#lastProbeAt as Instant, timers.checkInterval);
    const at = soonest > now ? soonest : now;
    if (this.#state === 'failed') this.#since = at;
    this.#triggeredAt ??= at;
    this.#enter('triggered');
  }

  /** What is known of it may be of another network, or of another time: its checks begin anew. */
  restart(now: Instant): void {
    this.#unanswered = 0;
    this.#triggeredAt = now;
    if (this.#state === 'succeeded') this.#doubtedAt = now;
    else this.#since = now;
    this.#enter('triggered');
  }

  /** Wants a probe at once, whenever the last one was. */
  hasten(now: Instant): void {
    this.#triggeredAt = now;
  }

  expired(now: Instant): void {
    this.#enter('expired');
    this.#since = now;
    this.#doubtedAt = undefined;
  }

  #enter(event: PairEvent): void {
    this.#state = nextPairState(this.#state, event);
  }
}
