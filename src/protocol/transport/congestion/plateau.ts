import type { Instant } from '../../time.ts';

/** Growth is judged over at least so long: within it, a machine may simply have been busy. */
const SHORTEST_WINDOW_MS = 10;

/** Notices that a rate has stopped growing: so many windows in a row without a given growth. */
export class Plateau {
  readonly #growth: number;
  #best = 0;
  #windows = 0;
  #since: Instant | undefined;

  /** `growth`: the factor by which a window has to surpass the best one before it. */
  constructor(growth: number) {
    this.#growth = growth;
  }

  /** Windows in a row without growth. */
  get windows(): number {
    return this.#windows;
  }

  reset(): void {
    this.#best = 0;
    this.#windows = 0;
    this.#since = undefined;
  }

  /** To be called at the end of each round trip with the rate's estimate. */
  onRound(rate: number, now: Instant): void {
    this.#since ??= now;
    if (rate >= this.#growth * this.#best) {
      this.#best = rate;
      this.#windows = 0;
      this.#since = now;
    } else if (now - this.#since >= SHORTEST_WINDOW_MS) {
      this.#windows += 1;
      this.#since = now;
    }
  }
}
