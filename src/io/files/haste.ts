import { performance } from 'node:perf_hooks';
import { setImmediate } from 'node:timers/promises';

/**
 * When so many calls in a row take longer than this, the disk, or whatever is in its place, is not
 * there at once. One alone may have been another process's turn: a local file system takes 5 to 50 µs.
 */
const SLOW_MS = 0.5;
const SLOW_CALLS = 6;
/** For so long nothing is tried in place after that. */
const CAUTION_MS = 1000;
/** So long at most before everything else gets its turn; with 4 ms 10,000 files took 5 % longer. */
const TURN_MS = 16;

/**
 * When a file system's calls are made in place, and when by Node's threads. With small files the way
 * to a thread and back is most of the work; but a call in place holds up the whole process, so it is
 * made only on file systems of this machine, and as long as such calls are quick.
 */
export class Haste {
  readonly #clock: () => number;
  readonly #nextTurn: () => Promise<void>;
  #cautiousUntil = Number.NEGATIVE_INFINITY;
  #slowCalls = 0;
  /** Spent in place since everything else last had its turn. */
  #spent = 0;
  /** Settles when it has had it. */
  #turn: Promise<void> | undefined;

  /** `clock`: in milliseconds; `nextTurn`: resolves when the event loop has gone round. */
  constructor(clock = () => performance.now(), nextTurn: () => Promise<void> = setImmediate) {
    this.#clock = clock;
    this.#nextTurn = nextTurn;
  }

  /** The outcome of either; both do the same, `elsewhere` without holding anything up. */
  async call<T>(inPlace: () => T, elsewhere: () => Promise<T>): Promise<T> {
    if (this.#spent > TURN_MS) await this.#giveWay();
    const begin = this.#clock();
    if (begin < this.#cautiousUntil) return await elsewhere();
    try {
      return inPlace();
    } finally {
      this.#note(begin, this.#clock());
    }
  }

  /**
   * What is done elsewhere may come back for its steps, and one call after another may come without the
   * event loop in between: so nothing but a turn of it ends the wait.
   */
  #giveWay(): Promise<void> {
    this.#turn ??= this.#nextTurn().then(() => {
      this.#spent = 0;
      this.#turn = undefined;
    });
    return this.#turn;
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
