import { type Instant, instant } from '../protocol/time.ts';

/** The longest wait of a timer of Node (almost 25 days), which takes a longer one for none at all. */
export const MAX_TIMER_MS: number = 2 ** 31 - 1;

/** Milliseconds, with a fraction, since the process started; never goes backwards. */
export function monotonicNow(): Instant {
  return instant(performance.now());
}
