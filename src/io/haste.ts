import { performance } from 'node:perf_hooks';

/**
 * When so many calls in a row take longer than this, the disk, or whatever is in its place, is not
 * there at once. One alone may have been another process's turn: a local file system takes 5 to 50 µs.
 */
const SLOW_MS = 0.5;
const SLOW_CALLS = 6;
/** For so long nothing is tried in place after that. */
const CAUTION_MS = 1000;
/** So long at most before everything else gets its turn. */
const TURN_MS = 4;

/**
 * When a file system's calls are made in place, and when by Node's threads. With small files the way
 * to a thread and back is most of the work; but a call in place holds up the whole process, so it is
 * made only on file systems of this machine, and as long as such calls are quick.
 */
export class Haste {
  readonly #clock: () => number;
  #cautiousUntil = Number.NEGATIVE_INFINITY;
  #slowCalls = 0;
  /** Spent in place since something last went to a thread, and so to the event loop. */
  #spent = 0;

  constructor(clock: () => number = () => performance.now()) {
    this.#clock = clock;
  }

  /** The outcome of either; both do the same, `elsewhere` without holding anything up. */
  async call<T>(inPlace: () => T, elsewhere: () => Promise<T>): Promise<T> {
    const begin = this.#clock();
    if (begin < this.#cautiousUntil || this.#spent > TURN_MS) {
      this.#spent = 0;
      return await elsewhere();
    }
    try {
      return inPlace();
    } finally {
      this.#note(begin, this.#clock());
    }
  }

  #note(begin: number, end: number): void {
    const took = end - begin;
    this.#spent += took;
    this.#slowCalls = took > SLOW_MS ? this.#slowCalls + 1 : 0;
    if (this.#slowCalls < SLOW_CALLS) return;
    this.#cautiousUntil = end + CAUTION_MS;
    this.#slowCalls = 0;
  }
}
