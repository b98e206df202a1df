import type { DoneEvent, TransferEvent } from '../../client/api/events.ts';
import type { Terminal } from '../terminal/terminal.ts';
import { formatBytes, formatSpan } from '../words/quantity.ts';
import { HumanReporter, type HumanReporterOptions } from './human-reporter.ts';
import type { Views } from './pick-view.ts';
import type { Reporter } from './reporter.ts';

/** Tells a person what happens to several receivers, of each in a view of its own. */
export class SeveralReporter implements Reporter {
  readonly #terminal: Terminal;
  readonly #views: Views;
  readonly #options: HumanReporterOptions;
  readonly #all: HumanReporter;
  readonly #each = new Map<number, HumanReporter>();
  #done = 0;

  constructor(terminal: Terminal, views: Views, options: HumanReporterOptions) {
    this.#terminal = terminal;
    this.#views = views;
    this.#options = options;
    this.#all = new HumanReporter(terminal, views.all, options);
  }

  note(text: string): void {
    this.#all.note(text);
  }

  pause(): void {
    this.#all.pause();
  }

  resume(): void {
    this.#all.resume();
  }

  report(event: TransferEvent): void {
    const { receiver } = event;
    if (receiver === undefined) this.#reportAll(event);
    else this.#reportOne(receiver, event);
  }

  #reportAll(event: TransferEvent): void {
    if (event.event === 'done') this.#views.all.line(this.#summary(event));
    else this.#all.report(event);
  }

  #reportOne(receiver: number, event: TransferEvent): void {
    const one = this.#each.get(receiver) ?? this.#newcomer(receiver);
    one.report(event);
    if (event.event !== 'receiver') return;
    if (event.state === 'done') this.#done += 1;
    this.#each.delete(receiver);
    this.#views.of(receiver).hide();
  }

  #newcomer(receiver: number): HumanReporter {
    const one = new HumanReporter(this.#terminal, this.#views.of(receiver), this.#options);
    this.#each.set(receiver, one);
    return one;
  }

  #summary({ bytes, ms }: DoneEvent): string {
    const who = this.#done === 1 ? '1 receiver' : `${this.#done} receivers`;
    return `sent to ${who}: ${formatBytes(bytes)} in ${formatSpan(ms)}`;
  }
}
