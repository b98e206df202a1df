import { type Instant, instant, type Millis } from '../../time.ts';
import type { AckSample } from './congestion-controller.ts';

/** draft-ietf-ccwg-bbr: MinRTTFilterLen, ProbeRTTInterval, LossThresh, Beta. */
const MIN_RTT_FILTER_MS = 10_000;
export const LOSS_THRESHOLD = 0.02;
export const BETA = 0.7;
/** What timers, delayed ACKs and busy machines add to a round trip without any queue. */
const SCHEDULING_MS = 10;
/** How much above the lowest round trip another one still confirms it. */
const CONFIRMING_SHARE = 0.01;
const CONFIRMING_MS = 0.25;
/** How much a round counts in the mean share of what is lost by chance. */
const CHANCE_WEIGHT = 1 / 8;
/** Rounds over which the excess of acknowledged over expected bytes is remembered. */
const EXTRA_ACKED_ROUNDS = 10;

/**
 * What the controller believes about the path: the highest recent delivery rate, the lowest recent
 * round-trip time, how lumpy acknowledgements are, and what the current round has seen.
 */
export class BbrModel {
  /** Highest rate of the previous probing cycle and of this one. */
  #previousMaximum = 0;
  #maximum = 0;
  #minRtt: Millis;
  #minRttAt: Instant = instant(-Infinity);
  #nextRoundDelivered = 0;
  #extraAckedEpoch: Instant = instant(0);
  #extraAckedInEpoch = 0;
  readonly #extraAcked: number[] = [0];
  rounds = 0;
  roundStarted = false;
  /** Lowest round-trip time, bytes lost and bytes acknowledged of the round that just ended. */
  lastRound = { minRtt: Infinity, lost: 0, acked: 0 };
  #chanceLoss = 0;
  #round = { minRtt: Infinity, lost: 0, acked: 0 };

  constructor(minRtt: Millis) {
    this.#minRtt = minRtt;
  }

  /** Bytes per millisecond; 0 before the first sample. */
  get bandwidth(): number {
    return Math.max(this.#previousMaximum, this.#maximum);
  }

  get minRtt(): Millis {
    return this.#minRtt;
  }

  get minRttAt(): Instant {
    return this.#minRttAt;
  }

  /** Bandwidth-delay product in bytes. */
  get bdp(): number {
    return this.bandwidth * this.#minRtt;
  }

  /** The share of packets that is lost while no queue stands. */
  get chanceLoss(): number {
    return this.#chanceLoss;
  }

  /** Bytes that arrive in one lump beyond what the rate explains: delayed and coalesced ACKs. */
  get extraAcked(): number {
    // Asked for with every batch: spread over arguments it would take as long as all the rest.
    let most = 0;
    for (const excess of this.#extraAcked) if (excess > most) most = excess;
    return most;
  }

  onAck(sample: AckSample): void {
    this.#countRound(sample);
    this.#updateBandwidth(sample);
    this.#updateMinRtt(sample);
    this.#updateExtraAcked(sample);
  }

  /** A probing cycle is over: what the cycle before it saw is forgotten. */
  advanceCycle(): void {
    if (this.#maximum === 0) return;
    this.#previousMaximum = this.#maximum;
    this.#maximum = 0;
  }

  /** Whether the round that just ended lost more than chance explains, behind a growing queue. */
  get lastRoundCongested(): boolean {
    const { lost, acked } = this.lastRound;
    // Loss alone is no sign of congestion on a wireless path, and loss with a rising round-trip
    // time is: so both are asked for (measured: with 2 % random loss the draft's bound of inflight
    // on loss alone costs half of the rate).
    const explained = LOSS_THRESHOLD + this.#chanceLoss;
    return lost > explained * (lost + acked) && this.hasStandingQueue;
  }

  /** Whether no packet of the last round came through without waiting. */
  get hasStandingQueue(): boolean {
    return this.lastRound.minRtt > 1.25 * this.#minRtt + SCHEDULING_MS;
  }

  #countRound(sample: AckSample): void {
    this.#round.lost += sample.lost;
    this.#round.acked += sample.acked;
    if (sample.rtt !== undefined) this.#round.minRtt = Math.min(this.#round.minRtt, sample.rtt);
    this.roundStarted = sample.acked > 0 && sample.priorDelivered >= this.#nextRoundDelivered;
    if (!this.roundStarted) return;
    this.#nextRoundDelivered = sample.delivered;
    this.rounds += 1;
    this.lastRound = this.#round;
    this.#round = { minRtt: Infinity, lost: 0, acked: 0 };
    this.#updateChanceLoss();
  }

  #updateChanceLoss(): void {
    const { lost, acked } = this.lastRound;
    const share = this.hasStandingQueue ? 0 : lost / Math.max(1, lost + acked);
    this.#chanceLoss += CHANCE_WEIGHT * (share - this.#chanceLoss);
  }

  #updateBandwidth(sample: AckSample): void {
    // An application-limited sample can only raise the estimate: it says "at least".
    if (sample.rate === 0 || (sample.appLimited && sample.rate < this.bandwidth)) return;
    this.#maximum = Math.max(this.#maximum, sample.rate);
  }

  #updateMinRtt(sample: AckSample): void {
    if (sample.rtt === undefined) return;
    const expired = sample.now > this.#minRttAt + MIN_RTT_FILTER_MS;
    if (sample.rtt <= this.#minRtt || expired) this.#minRtt = sample.rtt;
    // As near as a clock and a busy machine can tell: it is confirmed, and need not be looked for.
    const isConfirmed = sample.rtt <= this.#minRtt * (1 + CONFIRMING_SHARE) + CONFIRMING_MS;
    if (isConfirmed) this.#minRttAt = sample.now;
  }

  #updateExtraAcked(sample: AckSample): void {
    if (this.roundStarted) {
      this.#extraAcked.push(0);
      if (this.#extraAcked.length > EXTRA_ACKED_ROUNDS) this.#extraAcked.shift();
    }
    const expected = this.bandwidth * (sample.now - this.#extraAckedEpoch);
    if (this.#extraAckedInEpoch <= expected) {
      this.#extraAckedInEpoch = 0;
      this.#extraAckedEpoch = sample.now;
    }
    this.#extraAckedInEpoch += sample.acked;
    const excess = this.#extraAckedInEpoch - this.bandwidth * (sample.now - this.#extraAckedEpoch);
    const last = this.#extraAcked.length - 1;
    this.#extraAcked[last] = Math.max(this.#extraAcked[last] as number, excess);
  }
}
