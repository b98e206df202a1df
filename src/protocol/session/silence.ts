import { after, earliest, type Instant, type Millis, millis } from '../time.ts';

/** Longer than any round trip without a fault, and shorter than a path takes to be given up. */
const QUIET: Millis = millis(1000);
/** Two keep-alives of the path in use and their answers: whoever looks at a stall learns of it by now. */
const MISSING: Millis = millis(5000);
/**
 * How long a peer that was there may be away: it sleeps, or its network does. A server keeps the
 * registration of the pair for as long, and beyond it people start over anyway.
 */
const PATIENCE: Millis = millis(600_000);
/** Nobody waits that long for a path that never worked. */
const FIRST_PATIENCE: Millis = millis(45_000);

export type SilenceEvent =
  /** For the first time, something has been heard. */
  | { readonly kind: 'heard' }
  /** Nothing has been heard for a second: our NAT may have forgotten us. Once in each silence. */
  | { readonly kind: 'quiet' }
  /** Nothing has been heard since `since`; it will be waited until `until`. */
  | { readonly kind: 'missing'; readonly since: Instant; readonly until: Instant }
  /** The peer is heard again after it was missing. */
  | { readonly kind: 'back' }
  /** Nothing has been heard for too long; `everHeard` tells a lost peer from one never reached. */
  | { readonly kind: 'gone'; readonly everHeard: boolean };

/** How long the peer has not been heard, and what that means. */
export class Silence {
  readonly #events: SilenceEvent[] = [];
  #everHeard = false;
  #heardAt: Instant;
  /** What is counted against the peer: not the time in which we slept ourselves. */
  #countedFrom: Instant;
  #stage: 'heard' | 'quiet' | 'missing' | 'gone' = 'quiet';

  constructor(now: Instant) {
    this.#heardAt = now;
    this.#countedFrom = now;
  }

  /** Whether anything was ever heard. */
  get isBroken(): boolean {
    return this.#everHeard;
  }

  get deadline(): Instant | undefined {
    if (this.#stage === 'gone') return undefined;
    const quiet = this.#stage === 'heard' ? after(this.#countedFrom, QUIET) : undefined;
    const missing = this.#stage === 'quiet' ? this.#missingAt : undefined;
    return earliest(quiet, missing, this.#until);
  }

  /** Something authentic has come. */
  heard(now: Instant): void {
    if (!this.#everHeard) this.#events.push({ kind: 'heard' });
    if (this.#stage === 'missing') this.#events.push({ kind: 'back' });
    if (this.#stage !== 'gone') this.#stage = 'heard';
    this.#everHeard = true;
    this.#heardAt = now;
    this.#countedFrom = now;
  }

  /** We could not have heard anything until now: the time begins anew. */
  forgive(now: Instant): void {
    this.#countedFrom = now;
    if (this.#stage === 'missing') this.#miss();
  }

  handleTimeout(now: Instant): void {
    if (this.#stage === 'heard' && now >= after(this.#countedFrom, QUIET)) {
      this.#stage = 'quiet';
      this.#events.push({ kind: 'quiet' });
    }
    if (this.#stage === 'quiet' && this.#missingAt !== undefined && now >= this.#missingAt) {
      this.#stage = 'missing';
      this.#miss();
    }
    if (this.#stage !== 'gone' && now >= this.#until) {
      this.#stage = 'gone';
      this.#events.push({ kind: 'gone', everHeard: this.#everHeard });
    }
  }

  pollEvent(): SilenceEvent | undefined {
    return this.#events.shift();
  }

  get #until(): Instant {
    return after(this.#countedFrom, this.#everHeard ? PATIENCE : FIRST_PATIENCE);
  }

  /** Who was never there is not missing. */
  get #missingAt(): Instant | undefined {
    return this.#everHeard ? after(this.#countedFrom, MISSING) : undefined;
  }

  #miss(): void {
    this.#events.push({ kind: 'missing', since: this.#heardAt, until: this.#until });
  }
}
