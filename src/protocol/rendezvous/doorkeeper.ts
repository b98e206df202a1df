import { after, type Instant } from '../time.ts';
import { isDerived } from './nameplates.ts';
import { PenaltyBox, RateLimit } from './rate-limit.ts';
import type { Refusal } from './refusal.ts';
import type { Registration } from './registry.ts';
import type { ServerLimits } from './server-limits.ts';

/**
 * Who may register and claim, by where they come from. Numbers are few, so that whoever asks for ones
 * that are not there is shut out. But where a server has just started, hosts of before are still coming
 * back, and their guests ask early.
 */
export class Doorkeeper {
  readonly #registers: RateLimit;
  readonly #reunions: RateLimit;
  readonly #claims: RateLimit;
  readonly #openClaims: RateLimit;
  readonly #misses: PenaltyBox;
  readonly #earlyMisses: PenaltyBox;
  readonly #startedUntil: Instant;

  constructor(limits: ServerLimits, now: Instant) {
    const { claimRate, openClaimRate, missRate, missPenalty, rateEntries } = limits;
    const { registerRate, reunionRate, earlyMissRate, returnTime } = limits;
    this.#registers = new RateLimit(registerRate, rateEntries);
    this.#reunions = new RateLimit(reunionRate, rateEntries);
    this.#claims = new RateLimit(claimRate, rateEntries);
    this.#openClaims = new RateLimit(openClaimRate, rateEntries);
    this.#misses = new PenaltyBox(missRate, missPenalty, rateEntries);
    this.#earlyMisses = new PenaltyBox(earlyMissRate, returnTime, rateEntries);
    this.#startedUntil = after(now, returnTime);
  }

  /** Whether a nameplate that is not there may be that of a host which is still coming back. */
  isEarly(now: Instant): boolean {
    return now < this.#startedUntil;
  }

  /** Whether a source may make a new registration; `wanted`: the nameplate that it wishes for, or 0. */
  admitsHost(source: string, wanted: number, now: Instant): boolean {
    return (isDerived(wanted) ? this.#reunions : this.#registers).take(source, now);
  }

  /**
   * Why a source may not make a new claim at a registration, or ask for one that is not there; `busy`:
   * it is shut out for longer than anybody should wait. Two sides that have met ask until the other is
   * there as well, and guess nothing by it.
   */
  refuseGuest(
    source: string,
    nameplate: number,
    registration: Pick<Registration, 'isOpen'> | undefined,
    now: Instant,
  ): Extract<Refusal, 'busy' | 'rate-limited'> | undefined {
    if (isDerived(nameplate)) return undefined;
    const isEarly = this.isEarly(now);
    const misses = isEarly ? this.#earlyMisses : this.#misses;
    const isShutOut =
      misses.isShutOut(source, now) || (registration === undefined && misses.fail(source, now));
    if (isShutOut) return isEarly ? 'rate-limited' : 'busy';
    if (registration === undefined) return undefined;
    const claims = registration.isOpen ? this.#openClaims : this.#claims;
    return claims.take(source, now) ? undefined : 'rate-limited';
  }
}
