import type { Random } from '../ports.ts';
import { after, type Instant } from '../time.ts';
import { sameBytes } from '../wire/bytes.ts';
import type { Refusal } from './refusal.ts';
import type { ServerLimits } from './server-limits.ts';

/** What is said to somebody who claims a nameplate that is gone. */
export type Farewell = Extract<Refusal, 'used' | 'burnt' | 'expired'>;

/**
 * From here on a nameplate is not read from a code but derived from a resume secret. Every server
 * grants such a wish: nobody types these numbers, so there is nothing to squat on.
 */
export const DERIVED_NAMEPLATES_FROM: number = 2 ** 31;

export function isDerived(nameplate: number): boolean {
  return nameplate >= DERIVED_NAMEPLATES_FROM;
}

/** What is remembered of a nameplate that is gone. */
interface Gone {
  readonly farewell: Farewell;
  /** The hash of the secret by which it may be had anew. */
  readonly owner: Uint8Array | undefined;
  readonly until: Instant;
}

/** Numbers of four to six digits, the shortest that are sparse enough not to be guessed often. */
const FIRST = 1000;
const LAST = 999_999;
const SPARSENESS = 16;
const DRAWS = 64;

/** Chooses nameplates, and keeps those that are gone from coming back too soon. */
export class Nameplates {
  readonly #random: Random;
  readonly #limits: ServerLimits;
  readonly #cooling = new Map<number, Gone>();

  constructor(random: Random, limits: ServerLimits) {
    this.#random = random;
    this.#limits = limits;
  }

  /** A random nameplate that is neither live nor cooling down, or `undefined` when none was found. */
  choose(live: { has(nameplate: number): boolean; readonly size: number }): number | undefined {
    const taken = live.size + this.#cooling.size + 1;
    let end = FIRST * 10;
    while (end < LAST && (end - FIRST) / SPARSENESS < taken) end *= 10;
    for (let draw = 0; draw < DRAWS; draw += 1) {
      const nameplate = FIRST + this.#random.integer(end - FIRST);
      if (!live.has(nameplate) && !this.#cooling.has(nameplate)) return nameplate;
    }
    return undefined;
  }

  /**
   * Whether a host may have this one for its wish: it can be in a code, and does not cool down, unless it
   * has expired under this very host. `owner`: the hash of its secret.
   */
  mayHave(nameplate: number, owner: Uint8Array, now: Instant): boolean {
    if (nameplate < FIRST || nameplate > LAST) return false;
    this.sweep(now);
    const gone = this.#cooling.get(nameplate);
    return gone === undefined || (gone.owner !== undefined && sameBytes(gone.owner, owner));
  }

  /** Keeps a nameplate of a code from being given out again for a while. */
  retire(nameplate: number, farewell: Farewell, owner: Uint8Array, now: Instant): void {
    if (isDerived(nameplate)) return;
    const until = after(now, this.#limits.coolDown);
    this.#cooling.delete(nameplate);
    const heir = farewell === 'expired' ? owner : undefined;
    this.#cooling.set(nameplate, { farewell, owner: heir, until });
    if (this.#cooling.size > this.#limits.coolingNameplates) this.#dropOldest();
  }

  /** Why a nameplate is gone, if it is remembered. */
  farewell(nameplate: number, now: Instant): Farewell | undefined {
    this.sweep(now);
    return this.#cooling.get(nameplate)?.farewell;
  }

  /** Forgets what has cooled down. All cool for the same time, so the oldest stand in front. */
  sweep(now: Instant): void {
    for (const [nameplate, { until }] of this.#cooling) {
      if (until > now) return;
      this.#cooling.delete(nameplate);
    }
  }

  #dropOldest(): void {
    for (const nameplate of this.#cooling.keys()) {
      this.#cooling.delete(nameplate);
      return;
    }
  }
}
