import type { StatusEvent, TransferEvent } from '../api/events.ts';
import { type MeterOptions, ProgressMeter } from './progress-meter.ts';
import { StallWatch } from './stall-watch.ts';

/** How often progress is told. */
const PROGRESS_MS = 200;

/** Tells how far a transfer is, and what it waits for when it stands still. */
export class ProgressWatch {
  readonly #emit: (event: TransferEvent) => void;
  readonly #isPeerMissing: () => boolean;
  readonly #onStuck: (stalledMs: number) => void;
  #clock: NodeJS.Timeout | undefined;
  #isOver = false;

  /**
   * `isPeerMissing`: then that is what is waited for, and told by others; `onStuck`: our own disk has
   * done nothing for ten minutes.
   */
  constructor(parts: {
    readonly emit: (event: TransferEvent) => void;
    readonly isPeerMissing: () => boolean;
    readonly onStuck: (stalledMs: number) => void;
  }) {
    this.#emit = parts.emit;
    this.#isPeerMissing = parts.isPeerMissing;
    this.#onStuck = parts.onStuck;
  }

  /**
   * Tells progress from now on, and a last time when the returned function is called: everything has left,
   * but a slow disk may take a minute for what it was given, and for the names. A pipe may keep us waiting
   * for as long as whoever is at its other end likes.
   */
  begin({ total, done, moved, cause, lastCause, current, isPipe }: MeterOptions): () => void {
    const meter = new ProgressMeter(total);
    const tell = () => this.#emit(meter.measure(done(), performance.now(), current()));
    const emit = (event: StatusEvent) => this.#emit(event);
    const stall = new StallWatch(cause, emit, isPipe ? undefined : this.#onStuck);
    tell();
    this.#look(stall, () => done() + moved(), tell);
    return () => {
      tell();
      this.#look(new StallWatch(lastCause, emit, undefined, 'verifying'), moved);
    };
  }

  close(): void {
    this.#isOver = true;
    clearInterval(this.#clock);
  }

  /** Looks now and then whether something moves, and does something if it does. */
  #look(stall: StallWatch, moved: () => number, onMove: () => void = () => undefined): void {
    clearInterval(this.#clock);
    if (this.#isOver) return;
    this.#clock = setInterval(() => {
      const now = performance.now();
      if (this.#isPeerMissing()) stall.reset(now);
      else if (!stall.look(moved(), now)) onMove();
    }, PROGRESS_MS);
  }
}
