import { once } from 'node:events';
import { createInterface, type Interface } from 'node:readline';
import type { Terminal } from '../terminal/terminal.ts';
import { completeCode } from './code-completion.ts';

/** Asks questions on stderr and reads one line of stdin for each. */
export class Prompt {
  readonly #terminal: Terminal;
  readonly #signal: AbortSignal;
  #lines: { readonly source: Interface; readonly next: AsyncIterator<string> } | undefined;
  /** The line that is waited for. */
  #reading: Promise<string | undefined> | undefined;

  constructor(terminal: Terminal, signal: AbortSignal) {
    this.#terminal = terminal;
    this.#signal = signal;
  }

  /**
   * The answer, trimmed; `undefined` when there is none: the input ended, the run was interrupted,
   * or the question was `withdrawn`.
   */
  async ask(question: string, withdrawn?: AbortSignal): Promise<string | undefined> {
    this.#terminal.stderr.write(question);
    const ends = [this.#signal, ...(withdrawn ? [withdrawn] : [])];
    const answer = await Promise.race([this.#nextLine(), aborted(AbortSignal.any(ends))]);
    // Without an Enter the cursor still stands behind the question.
    if (answer === undefined) this.#terminal.stderr.write('\n');
    return answer?.trim();
  }

  /**
   * The same for a code: on a terminal Tab completes its words. Before anything else is asked, because
   * what is typed ahead stays with it.
   */
  async askCode(question: string): Promise<string | undefined> {
    const { stdin, stderr, env } = this.#terminal;
    if (stdin.isTTY !== true || env.TERM === 'dumb') return await this.ask(question);
    const keys = createInterface({
      input: stdin,
      output: stderr,
      terminal: true,
      historySize: 0,
      completer: completeCode,
    });
    // The keys are read by us now, so that Ctrl-C is no signal any more.
    keys.on('SIGINT', () => this.#terminal.interrupt());
    try {
      const typed = new Promise<string | undefined>((resolve) => {
        keys.once('close', () => resolve(undefined));
        keys.question(question, resolve);
      });
      const answer = await Promise.race([typed, aborted(this.#signal)]);
      if (answer === undefined) stderr.write('\n');
      return answer?.trim();
    } finally {
      keys.close();
    }
  }

  close(): void {
    this.#lines?.source.close();
    if (this.#lines !== undefined) this.#terminal.stdin.pause();
  }

  /**
   * A question that is withdrawn leaves its read behind. The next one goes on with that, or it would
   * miss a line; and a line that comes between the two answers neither.
   */
  #nextLine(): Promise<string | undefined> {
    this.#reading ??= this.#readLine().finally(() => {
      this.#reading = undefined;
    });
    return this.#reading;
  }

  async #readLine(): Promise<string | undefined> {
    this.#lines ??= this.#open();
    const { value, done } = await this.#lines.next.next();
    return done === true ? undefined : value;
  }

  #open(): { readonly source: Interface; readonly next: AsyncIterator<string> } {
    // `terminal: false` leaves the line discipline to the system: Ctrl-C stays a signal.
    const source = createInterface({ input: this.#terminal.stdin, terminal: false });
    return { source, next: source[Symbol.asyncIterator]() };
  }
}

async function aborted(signal: AbortSignal): Promise<undefined> {
  if (!signal.aborted) await once(signal, 'abort');
}
