import type { AckSample } from './congestion-controller.ts';
import { RoundCounter } from './round-counter.ts';

/** RFC 9406 §4.3. */
const MIN_RTT_THRESH_MS = 4;
const MAX_RTT_THRESH_MS = 16;
const MIN_RTT_DIVISOR = 8;
const RTT_SAMPLES = 8;
const GROWTH_DIVISOR = 4;
const CAUTIOUS_ROUNDS = 5;

/**
 * HyStart++ (RFC 9406): slow start ends when round trips grow, before anything is lost, and after some
 * cautious rounds that tell a queue from a flutter.
 */
export class SlowStart {
  readonly #rounds = new RoundCounter();
  #lastMinRtt = Infinity;
  #minRtt = Infinity;
  #samples = 0;
  /** The lowest round trip when caution began; `undefined` while there is no need of it. */
  #baseline: number | undefined;
  #cautiousRounds = 0;

  /** By what part of the acknowledged bytes the window grows; 0 when slow start is over. */
  onAck(sample: AckSample): number {
    if (this.#rounds.onAck(sample)) this.#onRound();
    if (sample.rtt !== undefined) {
      this.#minRtt = Math.min(this.#minRtt, sample.rtt);
      this.#samples += 1;
    }
    if (this.#samples >= RTT_SAMPLES) this.#judge();
    if (this.#cautiousRounds > CAUTIOUS_ROUNDS) return 0;
    return this.#baseline === undefined ? 1 : 1 / GROWTH_DIVISOR;
  }

  #onRound(): void {
    this.#lastMinRtt = this.#minRtt;
    this.#minRtt = Infinity;
    this.#samples = 0;
    if (this.#baseline !== undefined) this.#cautiousRounds += 1;
  }

  #judge(): void {
    if (this.#baseline !== undefined) {
      if (this.#minRtt >= this.#baseline) return;
      // It was a flutter.
      this.#baseline = undefined;
      this.#cautiousRounds = 0;
      return;
    }
    const part = this.#lastMinRtt / MIN_RTT_DIVISOR;
    const threshold = Math.max(MIN_RTT_THRESH_MS, Math.min(part, MAX_RTT_THRESH_MS));
    if (this.#minRtt < this.#lastMinRtt + threshold) return;
    this.#baseline = this.#minRtt;
    this.#cautiousRounds = 1;
  }
}
