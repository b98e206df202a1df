import type { CurrentEntry, ProgressEvent, StallCause } from '../api/events.ts';

/** What is counted, and how. */
export interface MeterOptions {
  readonly total: number | null;
  readonly done: () => number;
  /** Bytes that have travelled, which may be parts of what is counted. */
  readonly moved: () => number;
  readonly cause: () => StallCause;
  /** The same once everything has left, or arrived. */
  readonly lastCause: () => StallCause;
  readonly current: () => CurrentEntry | undefined;
  /** Whether it is a pipe that is read, or written to. */
  readonly isPipe: boolean;
}

/** Span over which the rate is taken: long enough to be steady, short enough to follow changes. */
const WINDOW_MS = 3000;

/** Turns byte counts into progress events with a rate and an estimate of the time left. */
export class ProgressMeter {
  readonly #total: number | null;
  readonly #samples: { readonly bytes: number; readonly at: number }[] = [];

  /** `total`: bytes of the whole transfer; `null` where nobody knows. */
  constructor(total: number | null) {
    this.#total = total;
  }

  /** The event for `bytes` done at `now` (milliseconds on any steady clock). */
  measure(bytes: number, now: number, current?: CurrentEntry): ProgressEvent {
    this.#samples.push({ bytes, at: now });
    while (this.#samples.length > 2 && now - (this.#samples[0]?.at ?? now) > WINDOW_MS) {
      this.#samples.shift();
    }
    const rate = Math.round(this.#rate(bytes, now));
    const left = this.#total === null ? null : this.#total - bytes;
    const etaMs =
      left === 0 ? 0 : left !== null && rate > 0 ? Math.round((left / rate) * 1000) : null;
    const state = { event: 'progress', bytes, total: this.#total, rate, etaMs } as const;
    return current === undefined ? state : { ...state, current };
  }

  #rate(bytes: number, now: number): number {
    const first = this.#samples[0];
    if (first === undefined || now <= first.at) return 0;
    return ((bytes - first.bytes) / (now - first.at)) * 1000;
  }
}
