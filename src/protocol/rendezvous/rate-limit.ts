import { after, elapsed, type Instant, type Millis } from '../time.ts';

/** How often something may happen: `perMinute` in the long run, `burst` at once. */
export interface Rate {
  readonly perMinute: number;
  readonly burst: number;
}

interface Bucket {
  tokens: number;
  at: Instant;
}

/**
 * A token bucket per key, in a table of at most `entries`. When it is full, the key unseen for the
 * longest time is forgotten: that only ever gives somebody a fresh bucket.
 */
export class RateLimit {
  readonly #rate: Rate;
  readonly #entries: number;
  readonly #buckets = new Map<string, Bucket>();

  constructor(rate: Rate, entries: number) {
    this.#rate = rate;
    this.#entries = entries;
  }

  /** Takes one token of `key`, and says whether there was one. */
  take(key: string, now: Instant): boolean {
    const bucket = this.#buckets.get(key) ?? { tokens: this.#rate.burst, at: now };
    const refill = (elapsed(bucket.at, now) * this.#rate.perMinute) / 60_000;
    bucket.tokens = Math.min(this.#rate.burst, bucket.tokens + Math.max(0, refill));
    bucket.at = now;
    remember(this.#buckets, key, bucket, this.#entries);
    if (bucket.tokens < 1) return false;
    bucket.tokens -= 1;
    return true;
  }
}

/** Shuts out for a while who fails too often. */
export class PenaltyBox {
  readonly #failures: RateLimit;
  readonly #penalty: Millis;
  readonly #entries: number;
  readonly #until = new Map<string, Instant>();

  constructor(rate: Rate, penalty: Millis, entries: number) {
    this.#failures = new RateLimit(rate, entries);
    this.#penalty = penalty;
    this.#entries = entries;
  }

  isShutOut(key: string, now: Instant): boolean {
    const until = this.#until.get(key);
    if (until === undefined) return false;
    if (until > now) return true;
    this.#until.delete(key);
    return false;
  }

  /** Notes one failure, and says whether it was one too many. */
  fail(key: string, now: Instant): boolean {
    if (this.#failures.take(key, now)) return false;
    remember(this.#until, key, after(now, this.#penalty), this.#entries);
    return true;
  }
}

/** A rate given per second. */
export function perSecond(count: number): Rate {
  return { perMinute: count * 60, burst: count };
}

// A `Map` iterates in the order of insertion, so re-inserting makes the first key the oldest.
function remember<T>(table: Map<string, T>, key: string, value: T, entries: number): void {
  table.delete(key);
  table.set(key, value);
  if (table.size <= entries) return;
  for (const oldest of table.keys()) {
    table.delete(oldest);
    return;
  }
}
