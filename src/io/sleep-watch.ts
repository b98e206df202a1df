import type { Instant } from '../protocol/time.ts';
import { monotonicNow } from './clock.ts';

const LOOK_EVERY_MS = 1000;
/** By how much the clocks must part: more than a wall clock is ever slewed by in a second. */
const APART_MS = 3000;

export interface SleepWatchOptions {
  readonly onWake: (now: Instant) => void;
  readonly wallClock?: () => number;
  readonly monotonicClock?: () => Instant;
}

/**
 * Notices that the computer slept. While it does, the monotonic clock of Linux and macOS stands, and
 * with it all timers: nothing seems to have happened. But the wall clock has gone on.
 *
 * A wall clock that somebody sets looks the same, and does no harm: whoever is told only asks again
 * whether things are still as they were.
 */
export class SleepWatch {
  readonly #onWake: (now: Instant) => void;
  readonly #wallClock: () => number;
  readonly #monotonicClock: () => Instant;
  readonly #timer: NodeJS.Timeout;
  #difference: number;

  constructor(options: SleepWatchOptions) {
    this.#onWake = options.onWake;
    this.#wallClock = options.wallClock ?? Date.now;
    this.#monotonicClock = options.monotonicClock ?? monotonicNow;
    this.#difference = this.#measure();
    this.#timer = setInterval(() => this.#look(), LOOK_EVERY_MS).unref();
  }

  close(): void {
    clearInterval(this.#timer);
  }

  #measure(): number {
    return this.#wallClock() - this.#monotonicClock();
  }

  #look(): void {
    const before = this.#difference;
    this.#difference = this.#measure();
    if (this.#difference - before > APART_MS) this.#onWake(this.#monotonicClock());
  }
}
