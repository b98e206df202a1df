import { UsageError } from '../errors/usage-error.ts';

const FACTORS: Readonly<Record<string, number>> = { '': 1, k: 1e3, M: 1e6, G: 1e9 };

/**
 * Bytes a second in a text such as `2MB/s`, `500k` or `20Mbit`, in decimal units as they are shown.
 * Throws `UsageError`.
 */
export function parseRate(text: string): number {
  const match = /^(\d{1,12}(?:\.\d{1,3})?)([kKMG]?)(B|bit)?(?:\/s)?$/.exec(text);
  const factor = FACTORS[(match?.[2] ?? '?').replace('K', 'k')] ?? Number.NaN;
  const rate = (Number(match?.[1]) * factor) / (match?.[3] === 'bit' ? 8 : 1);
  // Less would take a day for a small picture; more than this no machine has.
  if (rate >= 1000 && rate <= 1e12) return Math.round(rate);
  throw new UsageError(`not a rate: ${text}`, 'write it like 2MB/s, 500k or 20Mbit, at least 1k');
}
