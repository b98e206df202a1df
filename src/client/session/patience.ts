import { MAX_TIMER_MS } from '../../io/clock.ts';

/** Does something after so many milliseconds; never without a number, and where it is longer than any wait. */
export function afterPatience(
  timeoutMs: number | undefined,
  action: () => void,
): NodeJS.Timeout | undefined {
  if (timeoutMs === undefined || timeoutMs > MAX_TIMER_MS) return undefined;
  return setTimeout(action, timeoutMs);
}
