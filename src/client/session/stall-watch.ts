import type { StallCause, StatusEvent, SteadyPhase } from '../api/events.ts';

/** How long nothing may move before somebody is told what is waited for; paths are given up sooner. */
const STALL_MS = 5000;
/** And how often from then on. */
const TELL_EVERY_MS = 1000;
/** A disk that has done nothing for as long as a peer may be silent will not do anything soon. */
const STUCK_MS = 600_000;

/** Notices that a transfer does not move though the other side is heard, and says whose doing it is. */
export class StallWatch {
  readonly #cause: () => StallCause;
  readonly #emit: (event: StatusEvent) => void;
  readonly #onStuck: (stalledMs: number) => void;
  readonly #phase: SteadyPhase;
  #bytes = -1;
  #movedAt = 0;
  #toldAt: number | undefined;

  /**
   * `cause`: what is waited for just then; `onStuck`: our own disk is waited for, and has been for ten
   * minutes. What the other side waits for, it knows itself. `phase`: in which it is when it moves.
   */
  constructor(
    cause: () => StallCause,
    emit: (event: StatusEvent) => void,
    onStuck: (stalledMs: number) => void = () => undefined,
    phase: SteadyPhase = 'transferring',
  ) {
    this.#cause = cause;
    this.#emit = emit;
    this.#onStuck = onStuck;
    this.#phase = phase;
  }

  /** Takes what has been done by `now` (milliseconds on any steady clock); whether it stands still. */
  look(bytes: number, now: number): boolean {
    if (bytes !== this.#bytes) {
      if (this.#toldAt !== undefined) this.#emit({ event: 'status', phase: this.#phase });
      this.reset(now);
      this.#bytes = bytes;
      return false;
    }
    const stalledMs = Math.round(now - this.#movedAt);
    if (stalledMs < STALL_MS) return false;
    if (this.#toldAt === undefined || now - this.#toldAt >= TELL_EVERY_MS) {
      const cause = this.#cause();
      this.#toldAt = now;
      this.#emit({ event: 'status', phase: 'stalled', cause, stalledMs });
      if (cause === 'disk' && stalledMs >= STUCK_MS) this.#onStuck(stalledMs);
    }
    return true;
  }

  /** Something else is waited for, and told. */
  reset(now: number): void {
    this.#movedAt = now;
    this.#toldAt = undefined;
  }
}
