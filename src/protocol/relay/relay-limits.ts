import { type Millis, millis } from '../time.ts';

/** What a relay bounds. There is no rate limit: a server of one's own is as fast as it can be. */
export interface RelayLimits {
  /** Sessions in all, and of one IPv4 /32 or IPv6 /64. Above it: `busy`. */
  readonly sessions: number;
  readonly sessionsPerHost: number;
  /** How long one bound side waits for the other. */
  readonly bindWindow: Millis;
  /** How long a bound pair may be silent, keepalives included. */
  readonly idle: Millis;
  /** How long one may be silent that does not give way to a newer one of its source: keepalives come every 15 s. */
  readonly quiet: Millis;
  /** The longest life of a session. */
  readonly life: Millis;
  /** Batches that wait to be sent: no queue, only what one round of the driver leaves. */
  readonly queuedBatches: number;
  /** Buffers of 64 KiB that are used again and again. */
  readonly pooledBuffers: number;
}

export const DEFAULT_RELAY_LIMITS: RelayLimits = {
  sessions: 200,
  sessionsPerHost: 4,
  bindWindow: millis(30_000),
  idle: millis(60_000),
  quiet: millis(20_000),
  life: millis(43_200_000),
  queuedBatches: 64,
  pooledBuffers: 64,
};
