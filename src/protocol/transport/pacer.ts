import type { Instant } from '../time.ts';

/** How much of the rate may leave at once: timers fire a millisecond late, so two. */
const BURST_MS = 2;
/**
 * How much more where they were later still. On a machine that is busy a timer is late by many
 * milliseconds: if that time were lost, less would leave than the path carries, the rate would be
 * measured as less, and so on. The queue that is filled at once has run empty meanwhile.
 */
const MAX_LATE_MS = 25;

/** A token bucket over bytes (RFC 9002 §7.7). */
export class Pacer {
  readonly #packetBytes: number;
  #tokens: number;
  #at: Instant;
  /** Milliseconds of the rate that are made up for, until they have been. */
  #lateMs = 0;

  constructor(packetBytes: number, initialBurst: number, now: Instant) {
    this.#packetBytes = packetBytes;
    this.#tokens = initialBurst;
    this.#at = now;
  }

  /** Bytes that may leave now at `rate` bytes per millisecond, so many milliseconds later than planned. */
  budget(rate: number, now: Instant, lateMs = 0): number {
    this.#lateMs = Math.min(Math.max(this.#lateMs, lateMs), MAX_LATE_MS);
    const burst = Math.max(BURST_MS * rate, 2 * this.#packetBytes);
    const capacity = burst + this.#lateMs * rate;
    this.#tokens = Math.min(capacity, this.#tokens + rate * Math.max(0, now - this.#at));
    this.#at = now;
    if (this.#tokens < burst) this.#lateMs = 0;
    return this.#tokens;
  }

  onSent(bytes: number): void {
    this.#tokens -= bytes;
  }
}
