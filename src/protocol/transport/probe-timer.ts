import { after, type Instant, instant, type Millis, millis } from '../time.ts';
import { MAX_ACK_DELAY } from './ack-tracker.ts';
import type { RttEstimator } from './congestion/rtt-estimator.ts';

/** A probe at least every two seconds, so that a path that returns is noticed (F5: within 3 s). */
export const MAX_PROBE_INTERVAL_MS = 2000;

/** When something in flight has gone unanswered for so long that a probe is due (RFC 9002 §6.2). */
export class ProbeTimer {
  readonly #rtt: RttEstimator;
  #since: Instant = instant(0);
  #timeouts = 0;
  #starved = 0;

  constructor(rtt: RttEstimator) {
    this.#rtt = rtt;
  }

  /** Probe timeouts since the peer last acknowledged anything. */
  get timeouts(): number {
    return this.#timeouts;
  }

  /** Probe timeouts with slices in flight since one last came through, whatever else did. */
  get starved(): number {
    return this.#starved;
  }

  /** When the next probe is due, as long as anything is in flight. */
  get deadline(): Instant {
    return after(this.#since, this.interval);
  }

  /** Probe timeout with exponential back-off (RFC 9002 §6.2.1), bounded. */
  get interval(): Millis {
    const base = this.#rtt.probeTimeout(millis(2 * MAX_ACK_DELAY));
    const bound = Math.max(MAX_PROBE_INTERVAL_MS, 2 * base);
    return millis(Math.min(bound, base * 2 ** Math.min(this.#timeouts, 10)));
  }

  onSent(now: Instant): void {
    this.#since = now;
  }

  onTimeout(slicesInFlight: boolean, now: Instant): void {
    this.#since = now;
    this.#timeouts += 1;
    if (slicesInFlight) this.#starved += 1;
  }

  /**
   * Something new was acknowledged. RFC 9002 §6.2.1: that ends the back-off also where it is no slice, or
   * with a side that sends little else each packet that is lost would double the next wait.
   */
  onAnswer(slicesCame: boolean): void {
    this.#timeouts = 0;
    if (slicesCame) this.#starved = 0;
  }
}
