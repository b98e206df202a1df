import { UsageError } from '../errors/usage-error.ts';

const UNITS: Readonly<Record<string, number>> = { ms: 1, s: 1_000, m: 60_000, h: 3_600_000 };

/** The longest span that one timer of Node takes (2^31 - 1 ms, almost 25 days). */
const LONGEST_MS = 2_147_483_647;

/** Milliseconds in a text such as `90s`, `5m`, `1.5h` or `500ms`. Throws `UsageError`. */
export function parseDuration(text: string): number {
  const match = /^(\d{1,12}(?:\.\d{1,3})?)(ms|s|m|h)$/.exec(text);
  const span = Number(match?.[1]) * (UNITS[match?.[2] ?? ''] ?? Number.NaN);
  if (span >= 1 && span <= LONGEST_MS) return Math.round(span);
  throw new UsageError(`not a duration: ${text}`, 'write it like 90s, 5m or 1h, at most 596h');
}
