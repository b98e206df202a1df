/**
 * Tells the first arrival of a counter from every later one. Counters that lie more than `WINDOW`
 * below the highest count as seen: what is that old is a replay or no longer worth acting on.
 */
export class ReplayWindow {
  readonly #seen = new Uint32Array(WINDOW);
  #highest = 0;

  /** Whether `counter` is new; marks it as seen. Counters begin at 1. */
  accept(counter: number): boolean {
    const slot = counter % WINDOW;
    if (counter === 0 || counter + WINDOW <= this.#highest) return false;
    // Inside the window a slot stands for one counter only, or still holds an older one.
    if (this.#seen[slot] === counter) return false;
    this.#seen[slot] = counter;
    this.#highest = Math.max(this.#highest, counter);
    return true;
  }
}

// 24 remotes at 20 probes a second, and two seconds between the fastest and the slowest path.
const WINDOW = 1024;
