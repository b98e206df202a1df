import type { Millis } from '../time.ts';

/** Bytes of records that may be in flight towards us: what memory they may take where a disk is slow. */
const WINDOW_BYTES = 16 * 2 ** 20;
/**
 * On a path with longer round trips than this: 1.3 Gbit/s over 100 ms, when what is lost takes another
 * one to come. With 16 MiB it was 650 Mbit/s.
 */
const LONG_PATH_MS = 20;
const LONG_WINDOW_BYTES = 32 * 2 ** 20;

/** Bytes of records that may wait here, on a path with this round-trip time. */
export function receiveWindow(rtt: Millis): number {
  return rtt > LONG_PATH_MS ? LONG_WINDOW_BYTES : WINDOW_BYTES;
}
