import type { Instant } from '../time.ts';

/** How much of the rate may leave at once: timers fire a millisecond late, so two. */
const BURST_MS = 2;

/** A token bucket over bytes (RFC 9002 §7.7). */
export class Pacer {
  readonly #packetBytes: number;
  #tokens: number;
  #at: Instant;

  constructor(packetBytes: number, initialBurst: number, now: Instant) {
    this.#packetBytes = packetBytes;
    this.#tokens = initialBurst;
    this.#at = now;
  }

  /** Bytes that may leave now at `rate` bytes per millisecond. */
  budget(rate: number, now: Instant): number {
    const capacity = Math.max(BURST_MS * rate, 2 * this.#packetBytes);
    this.#tokens = Math.min(capacity, this.#tokens + rate * Math.max(0, now - this.#at));
    this.#at = now;
    return this.#tokens;
  }

  onSent(bytes: number): void {
    this.#tokens -= bytes;
  }
}
