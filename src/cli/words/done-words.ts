import type { DoneEvent } from '../../client/api/events.ts';
import { formatBytes, formatRate, formatSpan } from './quantity.ts';

/** What travelled is told where it was less than this part of what there is. */
const CLEARLY_LESS = 0.9;

/**
 * How much it was, how long it took and how fast that was: of what travelled, where compression, or what
 * was there already, made that less.
 */
export function doneWords({ bytes, travelledBytes, ms, path }: Omit<DoneEvent, 'event'>): string {
  const isLess = travelledBytes < CLEARLY_LESS * bytes;
  const moved = isLess ? travelledBytes : bytes;
  const rate = ms > 0 ? `, ${formatRate((moved * 1_000) / ms)}` : '';
  const speed = isLess ? ` (${formatBytes(moved)} over the network${rate})` : rate;
  return `${formatBytes(bytes)} in ${formatSpan(ms)}${speed}, ${path}`;
}
