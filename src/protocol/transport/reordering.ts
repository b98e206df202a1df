import { type Millis, millis } from '../time.ts';
import { GRANULARITY, type RttEstimator } from './congestion/rtt-estimator.ts';

/**
 * RFC 9002 §6.1.1 has 3; here a receive may bring 54 packets of one flow before an older one of
 * another queue, so a batch's quarter is the start, and spurious losses raise it.
 */
const INITIAL_PACKET_THRESHOLD = 16;
const MAX_PACKET_THRESHOLD = 1024;
/** RFC 9002 §6.1.2: 9/8 of the round-trip time; spurious losses widen it up to twice. */
const TIME_THRESHOLD = 9 / 8;
const MAX_TIME_THRESHOLD = 2;
const TIME_STEP = 1 / 64;

/** How late a packet may be before it counts as lost; it learns from being wrong. */
export class Reordering {
  #packetThreshold = INITIAL_PACKET_THRESHOLD;
  #timeThreshold = TIME_THRESHOLD;

  /** Later packets that may be acknowledged before this many sent earlier are lost. */
  get packetThreshold(): number {
    return this.#packetThreshold;
  }

  /** Time after which an unacknowledged packet is lost once a later one is acknowledged. */
  lossDelay(rtt: RttEstimator): Millis {
    return millis(Math.max(this.#timeThreshold * Math.max(rtt.smoothed, rtt.latest), GRANULARITY));
  }

  /** A packet declared lost came after all, `distance` packets late (RFC 8985 §6.2 in spirit). */
  onSpuriousLoss(distance: number): void {
    const raised = Math.max(this.#packetThreshold, distance);
    this.#packetThreshold = Math.min(MAX_PACKET_THRESHOLD, raised);
    this.#timeThreshold = Math.min(MAX_TIME_THRESHOLD, this.#timeThreshold + TIME_STEP);
  }
}
