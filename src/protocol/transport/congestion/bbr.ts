import type { Random } from '../../ports.ts';
import { type Instant, instant, type Millis } from '../../time.ts';
import { MAX_BATCH_BYTES } from '../../wire/packet.ts';
import { BbrModel, BETA, LOSS_THRESHOLD } from './bbr-model.ts';
import type { AckSample, CongestionController } from './congestion-controller.ts';
import { Plateau } from './plateau.ts';
import { ShallowBuffer } from './shallow-buffer.ts';

type Phase = 'startup' | 'drain' | 'down' | 'cruise' | 'refill' | 'up' | 'probe-rtt';

// Gains of draft-ietf-ccwg-bbr. The start-up gain of 2.77 doubles the rate in each round.
const PACING_GAIN: Readonly<Record<Phase, number>> = {
  startup: 2.77,
  drain: 0.5,
  down: 0.9,
  cruise: 1,
  refill: 1,
  up: 1.25,
  'probe-rtt': 1,
};
const WINDOW_GAIN: Readonly<Record<Phase, number>> = {
  startup: 2,
  drain: 2,
  down: 2,
  cruise: 2,
  refill: 2,
  up: 2.25,
  'probe-rtt': 0.5,
};
/** Stay 1 % below the estimate so that queues drain. */
const PACING_MARGIN = 0.99;
/**
 * Bytes per millisecond (1.5 Gbit/s) from which the window alone meters packets out: batches then
 * leave faster than a timer of a millisecond can tell apart, and pacing only adds its rounding.
 */
const ACK_CLOCKED_RATE = 187_500;
/** RFC 9002 §7.2 allows ten datagrams; a rate of 32 paced over a round trip is gentler than a burst. */
const INITIAL_WINDOW_PACKETS = 32;
const MIN_WINDOW_PACKETS = 4;
const PROBE_RTT_INTERVAL_MS = 5000;
const PROBE_RTT_MS = 200;
/**
 * The pacer sends by milliseconds: on shorter paths that is so much of what they hold that losses may be
 * its doing.
 */
const LEAST_JUDGED_RTT_MS = 15;
/** A cycle probes again after as many rounds as a Reno flow of this size would need, at most 63. */
const MAX_CRUISE_ROUNDS = 63;

/**
 * A model-based congestion controller of the BBR family (draft-ietf-ccwg-bbr, version 3).
 *
 * It keeps the draft's start-up, drain, probing cycle and ProbeRTT. The deviations are in
 * docs/protocol-transport.md with their reasons; above all, loss bounds the window only in rounds whose
 * round-trip time rose as well, or where it was shown not to be chance (`ShallowBuffer`).
 */
export class Bbr implements CongestionController {
  readonly #random: Random;
  readonly #packetBytes: number;
  #model: BbrModel;
  #phase: Phase = 'startup';
  #phaseSince: Instant;
  #phaseRounds = 0;
  #cruiseMs = 0;
  readonly #startUpGrowth = new Plateau(1.25);
  readonly #probeGrowth = new Plateau(1.1);
  #filled = false;
  /** Rounds up to this one have seen the queue of start-up, which takes some time to drain. */
  #startUpRounds = Infinity;
  /** Most bytes in flight that the path took without congestion; unbounded until it did not. */
  #inFlightBound = Infinity;
  #shallow: ShallowBuffer;
  /** Whether a queue stood when the probe for more bandwidth began: it cannot be the probe's. */
  #queueStoodBefore = false;
  #probeRttUntil: Instant | undefined;
  #probedRttAt: Instant;

  constructor(options: { random: Random; packetBytes: number; rtt: Millis }, now: Instant) {
    this.#random = options.random;
    this.#packetBytes = options.packetBytes;
    this.#model = new BbrModel(options.rtt);
    this.#shallow = new ShallowBuffer(options.packetBytes);
    this.#phaseSince = now;
    this.#probedRttAt = now;
  }

  get phase(): string {
    return this.#phase;
  }

  get window(): number {
    const { bdp, extraAcked } = this.#model;
    const floor = this.#floor;
    if (this.#phase === 'probe-rtt') return Math.max(floor, WINDOW_GAIN['probe-rtt'] * bdp);
    const initial = INITIAL_WINDOW_PACKETS * this.#packetBytes;
    // Three full batches keep sender, kernel and receiver busy at once (draft: offload budget).
    const target = WINDOW_GAIN[this.#phase] * bdp + extraAcked + this.#offloadBudget;
    const bound = this.#shallow.share * this.#inFlightBound;
    return Math.max(floor, Math.min(Math.max(target, initial), bound));
  }

  get pacingRate(): number {
    const { bandwidth, chanceLoss, minRtt } = this.#model;
    const ackClocked = bandwidth > ACK_CLOCKED_RATE;
    const gain = Math.max(PACING_GAIN[this.#phase], ackClocked ? 2 : 0);
    const initial = (INITIAL_WINDOW_PACKETS * this.#packetBytes) / Math.max(minRtt, 1);
    // The bandwidth is what arrives: as much more has to leave as is lost by chance. Behind a shallow
    // buffer that might be the very thing that is lost.
    const madeUpFor = this.#shallow.isFound ? 0 : Math.min(chanceLoss, LOSS_THRESHOLD);
    const rate = (PACING_MARGIN * bandwidth) / (1 - madeUpFor);
    // Draft, BBRSetPacingRateWithGain: start-up never slows down. What the first packets after an
    // outage measure is the outage.
    return gain * (this.#filled && rate > 0 ? rate : Math.max(rate, initial));
  }

  onAck(sample: AckSample): void {
    this.#model.onAck(sample);
    if (this.#model.roundStarted) this.#onRound(sample);
    if (this.#phase === 'drain' && sample.inFlight <= this.#model.bdp) this.#enter('down', sample);
    if (this.#phase === 'down' && sample.inFlight <= this.#model.bdp) this.#enter('cruise', sample);
    this.#updateProbeRtt(sample);
  }

  onPersistentCongestion(now: Instant): void {
    this.#restart(this.#model.minRtt, now);
  }

  onPathChange(rtt: Millis, now: Instant): void {
    this.#restart(rtt, now);
  }

  get #floor(): number {
    return MIN_WINDOW_PACKETS * this.#packetBytes;
  }

  /** What the pacer sends at once, three times: a millisecond of the rate, at most a batch. */
  get #offloadBudget(): number {
    const batch = Math.min(MAX_BATCH_BYTES, this.#model.bandwidth);
    return 3 * Math.max(batch, 2 * this.#packetBytes);
  }

  #onRound(sample: AckSample): void {
    this.#phaseRounds += 1;
    if (this.#model.lastRoundCongested) this.#onCongestedRound(sample);
    this.#watchLoss(sample);
    switch (this.#phase) {
      case 'startup':
        this.#checkFullPipe(sample);
        break;
      case 'cruise':
        if (this.#timeToProbe(sample)) this.#enter('refill', sample);
        break;
      case 'refill':
        if (this.#phaseRounds > 1) this.#enter('up', sample);
        break;
      case 'up':
        this.#checkProbeUp(sample);
        break;
      default:
        break;
    }
  }

  #checkFullPipe(sample: AckSample): void {
    if (sample.appLimited) return;
    this.#startUpGrowth.onRound(this.#model.bandwidth, sample.now);
    // With a standing queue, two windows without growth say what else three would. A queue alone
    // says nothing, because a busy machine answers late as well.
    const enough = this.#model.hasStandingQueue ? 2 : 3;
    if (this.#startUpGrowth.windows < enough) return;
    this.#filled = true;
    this.#enter('drain', sample);
  }

  #checkProbeUp(sample: AckSample): void {
    const { bdp, extraAcked, bandwidth, hasStandingQueue } = this.#model;
    this.#probeGrowth.onRound(bandwidth, sample.now);
    this.#inFlightBound = Math.max(this.#inFlightBound, sample.priorInFlight);
    const isOwnQueue = hasStandingQueue && !this.#queueStoodBefore;
    const queued = sample.priorInFlight > 1.25 * bdp + extraAcked || isOwnQueue;
    if (queued || this.#probeGrowth.windows >= 2) this.#enter('down', sample);
    else if (this.#inFlightBound < Infinity) this.#inFlightBound *= 1.25;
  }

  /** Where no queue shows, only loss tells how much the path takes, and that it is shared. */
  #watchLoss(sample: AckSample): void {
    const { bdp, hasStandingQueue, lastRound, minRtt } = this.#model;
    const isProbing = this.#phase === 'up';
    if (this.#phase === 'cruise' && this.#phaseRounds > 2) this.#shallow.onCruiseRound(lastRound);
    // What the first round of a probe brought was sent before it.
    if (sample.appLimited || (isProbing && this.#phaseRounds === 1)) return;
    if (hasStandingQueue || minRtt < LEAST_JUDGED_RTT_MS) this.#shallow.dismiss();
    const most = this.#shallow.onProbeRound(lastRound, !isProbing);
    if (most === undefined) return;
    this.#inFlightBound = Math.max(most, BETA * bdp, this.#offloadBudget, this.#floor);
    if (isProbing) this.#enter('down', sample);
  }

  /** Draft, section "Adapting to loss": back off to what got through, but keep 0.7 of the rest. */
  #onCongestedRound(sample: AckSample): void {
    const { bdp, lastRound } = this.#model;
    const floor = this.#floor;
    if (this.#model.rounds <= this.#startUpRounds) {
      // The queue is start-up's own doing, and what arrived in a round is what the path carries.
      this.#inFlightBound = Math.max(bdp, lastRound.acked, floor);
      this.#filled = true;
      if (this.#phase === 'startup') this.#enter('drain', sample);
      return;
    }
    const target = Math.max(bdp, sample.priorInFlight);
    this.#inFlightBound = Math.max(BETA * target, floor);
    if (this.#phase === 'up' || this.#phase === 'refill') this.#enter('down', sample);
  }

  #timeToProbe(sample: AckSample): boolean {
    const bdpPackets = this.#model.bdp / this.#packetBytes;
    const rounds = Math.min(Math.max(bdpPackets, 4), MAX_CRUISE_ROUNDS);
    // A probe costs others what they lose by it: behind a shallow buffer they need longer to recover.
    const patience = this.#shallow.hasYielded ? 2 : 1;
    const isLong = sample.now - this.#phaseSince >= patience * this.#cruiseMs;
    return isLong || this.#phaseRounds >= patience * rounds;
  }

  #updateProbeRtt(sample: AckSample): void {
    if (this.#phase === 'probe-rtt') {
      this.#runProbeRtt(sample);
      return;
    }
    const fresh = Math.max(this.#model.minRttAt, this.#probedRttAt);
    if (!this.#filled || sample.now - fresh < PROBE_RTT_INTERVAL_MS) return;
    this.#enter('probe-rtt', sample);
  }

  #runProbeRtt(sample: AckSample): void {
    if (this.#probeRttUntil === undefined) {
      if (sample.inFlight > this.window) return;
      this.#probeRttUntil = instant(sample.now + Math.max(PROBE_RTT_MS, this.#model.minRtt));
    } else if (sample.now >= this.#probeRttUntil) {
      this.#probeRttUntil = undefined;
      this.#probedRttAt = sample.now;
      this.#enter('cruise', sample);
    }
  }

  #enter(phase: Phase, sample: AckSample): void {
    // The round that is under way has begun in the queue.
    if (this.#phase === 'drain') this.#startUpRounds = this.#model.rounds + 1;
    // A cycle begins with `down`: what the cycle before the last one saw no longer counts.
    if (phase === 'down') this.#model.advanceCycle();
    if (phase === 'refill') this.#shallow.onRefill();
    if (phase === 'up') {
      this.#shallow.onProbe(this.#model.chanceLoss);
      this.#probeGrowth.reset();
      this.#queueStoodBefore = this.#model.hasStandingQueue;
      // Somebody else's queue goes on standing whatever we do: then there is more to be had only by
      // having more in flight.
      if (this.#queueStoodBefore) this.#inFlightBound *= 1.25;
    }
    // Randomly 2 to 3 s, so that flows that share a queue do not probe in step.
    if (phase === 'cruise') this.#cruiseMs = 2000 + this.#random.integer(1000);
    this.#phase = phase;
    this.#phaseSince = sample.now;
    this.#phaseRounds = 0;
  }

  #restart(rtt: Millis, now: Instant): void {
    this.#model = new BbrModel(rtt);
    this.#shallow = new ShallowBuffer(this.#packetBytes);
    this.#phase = 'startup';
    this.#phaseSince = now;
    this.#phaseRounds = 0;
    this.#startUpGrowth.reset();
    this.#filled = false;
    this.#startUpRounds = Infinity;
    this.#inFlightBound = Infinity;
    this.#probeRttUntil = undefined;
    this.#probedRttAt = now;
  }
}
