import type { StallCause, StatusEvent } from './events.ts';

/** How long nothing may move before somebody is told what is waited for; paths are given up sooner. */
const STALL_MS = 5000;
/** And how often from then on. */
const TELL_EVERY_MS = 1000;

/** Notices that a transfer does not move though the other side is heard, and says whose doing it is. */
export class StallWatch {
  readonly #cause: () => StallCause;
  readonly #emit: (event: StatusEvent) => void;
  #bytes = -1;
  #movedAt = 0;
  #toldAt: number | undefined;

  /** `cause`: what is waited for just then. */
  constructor(cause: () => StallCause, emit: (event: StatusEvent) => void) {
    this.#cause = cause;
    this.#emit = emit;
  }

  /** Takes what has been done by `now` (milliseconds on any steady clock); whether it stands still. */
  look(bytes: number, now: number): boolean {
    if (bytes !== this.#bytes) {
      if (this.#toldAt !== undefined) this.#emit({ event: 'status', phase: 'transferring' });
      this.reset(now);
      this.#bytes = bytes;
      return false;
    }
    const stalledMs = Math.round(now - this.#movedAt);
    if (stalledMs < STALL_MS) return false;
    if (this.#toldAt === undefined || now - this.#toldAt >= TELL_EVERY_MS) {
      this.#toldAt = now;
      this.#emit({ event: 'status', phase: 'stalled', cause: this.#cause(), stalledMs });
    }
    return true;
  }

  /** Something else is waited for, and told. */
  reset(now: number): void {
    this.#movedAt = now;
    this.#toldAt = undefined;
  }
}
