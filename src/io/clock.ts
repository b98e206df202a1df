import { type Instant, instant } from '../protocol/time.ts';

/** Milliseconds, with a fraction, since the process started; never goes backwards. */
export function monotonicNow(): Instant {
  return instant(performance.now());
}
