import type { TransferEvent } from '../../client/api/events.ts';

/** Tells somebody what happens: a person on stderr, or a program on stdout. */
export interface Reporter {
  report(event: TransferEvent): void;
  /** Tells a person something that no event says. */
  note(text: string): void;
  /** Leaves the terminal to a question; what happens meanwhile is told after `resume`. */
  pause(): void;
  resume(): void;
}
