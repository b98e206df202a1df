import type { AttemptCourse } from './attempts.ts';

/** How long after the handshake a path is waited for before the sender is doubted. */
const DOUBT_MS = 5000;

/** Whether the sender is there, or has to be looked for otherwise: what a receiver's attempt tells of it. */
export class Doubt {
  readonly #course: AttemptCourse;
  #timer: NodeJS.Timeout | undefined;

  constructor(course: AttemptCourse) {
    this.#course = course;
  }

  /** It has been met, and ought to be heard soon. */
  begin(): void {
    this.#timer = setTimeout(() => this.missed(), DOUBT_MS);
  }

  heard(): void {
    this.end();
    this.#course.found();
  }

  missed(): void {
    this.#course.lost();
  }

  end(): void {
    clearTimeout(this.#timer);
  }
}
