import type { Instant } from '../time.ts';
import { MAX_BATCH_BYTES } from '../wire/packet.ts';

/**
 * What may be made up for at once, in milliseconds of the rate: timers are late, and what one batch
 * took too much is waited for. It is far more than a pacer's, because a cap is kept on average only.
 */
const MADE_UP_MS = 100;

/**
 * A rate that is not to be exceeded, whatever the paths would carry: a token bucket over the bytes of
 * datagrams. Several connections of one process may share it.
 */
export class RateCap {
  /** Bytes per millisecond. */
  readonly rate: number;
  #tokens = 0;
  #at: Instant | undefined;

  /** `bytesPerSecond`: more than 0. */
  constructor(bytesPerSecond: number) {
    this.rate = bytesPerSecond / 1000;
  }

  /** Bytes that may leave now; less than none after a batch that was larger than what was left. */
  budget(now: Instant): number {
    const capacity = Math.max(MADE_UP_MS * this.rate, MAX_BATCH_BYTES);
    const gained = this.rate * Math.max(0, now - (this.#at ?? now));
    this.#tokens = Math.min(capacity, this.#tokens + gained);
    this.#at = now;
    return this.#tokens;
  }

  onSent(bytes: number): void {
    this.#tokens -= bytes;
  }
}
