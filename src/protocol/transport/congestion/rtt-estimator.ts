import { type Millis, millis } from '../../time.ts';

/** RFC 9002 §6.1.2: timers cannot be finer than this. */
export const GRANULARITY: Millis = millis(1);

/** Round-trip time as RFC 9002 §5 estimates it. */
export class RttEstimator {
  #latest: Millis;
  #smoothed: Millis;
  #variation: Millis;
  #min: Millis;
  #sampled = false;

  /** `initial` comes from the handshake or the path check; RFC 9002 §6.2.2 has 333 ms for neither. */
  constructor(initial: Millis) {
    this.#latest = initial;
    this.#smoothed = initial;
    this.#variation = millis(initial / 2);
    this.#min = initial;
  }

  get latest(): Millis {
    return this.#latest;
  }

  get smoothed(): Millis {
    return this.#smoothed;
  }

  get min(): Millis {
    return this.#min;
  }

  /** `ackDelay` is what the peer says it waited; the caller has bounded it. */
  onSample(sample: Millis, ackDelay: Millis): void {
    this.#latest = sample;
    if (!this.#sampled) {
      this.#sampled = true;
      this.#min = sample;
      this.#smoothed = sample;
      this.#variation = millis(sample / 2);
      return;
    }
    this.#min = millis(Math.min(this.#min, sample));
    // RFC 9002 §5.3: the delay counts only as far as it does not go below the minimum.
    const adjusted = sample >= this.#min + ackDelay ? sample - ackDelay : sample;
    const deviation = Math.abs(this.#smoothed - adjusted);
    this.#variation = millis(0.75 * this.#variation + 0.25 * deviation);
    this.#smoothed = millis(0.875 * this.#smoothed + 0.125 * adjusted);
  }

  /** Probe timeout without back-off (RFC 9002 §6.2.1). */
  probeTimeout(maxAckDelay: Millis): Millis {
    return millis(this.#smoothed + Math.max(4 * this.#variation, GRANULARITY) + maxAckDelay);
  }

  /** A new path has its own times: the next sample starts over (RFC 9002 §5.3, RFC 9000 §9.4). */
  reset(initial: Millis): void {
    this.#sampled = false;
    this.#latest = initial;
    this.#smoothed = initial;
    this.#variation = millis(initial / 2);
    this.#min = initial;
  }
}
