import { after, type Instant } from '../time.ts';
import { PenaltyBox, RateLimit } from './rate-limit.ts';
import type { ServerLimits } from './server-limits.ts';

/**
 * Who may claim. Numbers are few, so that whoever asks for ones that are not there is shut out. But
 * where a server has just started, hosts of before are still coming back, and their guests ask early.
 */
export class ClaimGate {
  readonly #claims: RateLimit;
  readonly #misses: PenaltyBox;
  readonly #earlyMisses: PenaltyBox;
  readonly #startedUntil: Instant;

  constructor(limits: ServerLimits, now: Instant) {
    const { claimRate, missRate, missPenalty, earlyMissRate, returnTime, rateEntries } = limits;
    this.#claims = new RateLimit(claimRate, rateEntries);
    this.#misses = new PenaltyBox(missRate, missPenalty, rateEntries);
    this.#earlyMisses = new PenaltyBox(earlyMissRate, returnTime, rateEntries);
    this.#startedUntil = after(now, returnTime);
  }

  /** Whether a nameplate that is not there may be that of a host which is still coming back. */
  isEarly(now: Instant): boolean {
    return now < this.#startedUntil;
  }

  /** Whether a source may make a new claim, or ask for one that is not there. */
  admits(source: string, isThere: boolean, now: Instant): boolean {
    const misses = this.isEarly(now) ? this.#earlyMisses : this.#misses;
    if (misses.isShutOut(source, now)) return false;
    return isThere ? this.#claims.take(source, now) : !misses.fail(source, now);
  }
}
