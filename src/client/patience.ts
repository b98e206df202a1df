/** The longest wait of a timer of Node (2^31 - 1 ms, almost 25 days), which takes a longer one for none. */
const LONGEST_MS = 2 ** 31 - 1;

/** Does something after so many milliseconds; never without a number, and where it is longer than any wait. */
export function afterPatience(
  timeoutMs: number | undefined,
  action: () => void,
): NodeJS.Timeout | undefined {
  if (timeoutMs === undefined || timeoutMs > LONGEST_MS) return undefined;
  return setTimeout(action, timeoutMs);
}
