import type { Output } from '../terminal/terminal.ts';
import type { ProgressState } from './progress-line.ts';
import { percentage, progressFacts } from './progress-line.ts';
import type { View } from './view.ts';

/** Enough to see in a log that it moves, and at most ten lines a transfer. */
const PERCENT_PER_LINE = 10;

const FIRST_BYTES = 2 ** 20;

/** Without a terminal: lines that stay. */
export class PlainView implements View {
  readonly #output: Pick<Output, 'write'>;
  #awaited: string | undefined;
  #nextPercent = PERCENT_PER_LINE;
  #nextBytes = FIRST_BYTES;

  constructor(output: Pick<Output, 'write'>) {
    this.#output = output;
  }

  line(text: string): void {
    this.#output.write(`${text}\n`);
  }

  /** Once each time that something is awaited: a log needs no clock, and forgets nothing. */
  wait(text: string, detail?: string): void {
    if (text !== this.#awaited) this.line(detail === undefined ? text : `${text} (${detail})`);
    this.#awaited = text;
  }

  progress(state: ProgressState): void {
    if (state.total === null) this.#endless(state);
    const percent = percentage(state);
    if (percent < this.#nextPercent) return;
    this.#nextPercent = percent - (percent % PERCENT_PER_LINE) + PERCENT_PER_LINE;
    this.line(progressFacts(state).join('  '));
  }

  /** Where nobody knows how much there is to come: each time that there is twice as much. */
  #endless(state: ProgressState): void {
    if (state.bytes < this.#nextBytes) return;
    this.#nextBytes = 2 * Math.max(state.bytes, FIRST_BYTES);
    this.line(progressFacts(state).join('  '));
  }

  hide(): void {
    this.#awaited = undefined;
  }
}
