import { SingleBar } from 'cli-progress';
import ora, { type Ora } from 'ora';
import type { Environment, Output } from '../terminal/terminal.ts';
import type { ProgressState } from './progress-line.ts';
import { progressLine } from './progress-line.ts';
import type { View } from './view.ts';

/** On a terminal: a spinner while something is awaited, a bar while data flows, below the lines. */
export class LiveView implements View {
  readonly #output: Output;
  readonly #spinner: Ora;
  readonly #bar: SingleBar;

  constructor(output: Output, env: Environment) {
    this.#output = output;
    this.#spinner = ora({
      stream: output,
      isEnabled: true,
      color: env.NO_COLOR ? false : 'cyan',
      // Neither hides the cursor nor takes stdin, so there is nothing to restore after a signal.
      hideCursor: false,
      discardStdin: false,
    });
    this.#bar = new SingleBar({
      stream: output,
      format: (_options, _params, payload: ProgressState) =>
        progressLine(payload, output.columns ?? 0),
      clearOnComplete: true,
      linewrap: true,
    });
  }

  line(text: string): void {
    this.hide();
    this.#output.write(`${text}\n`);
  }

  wait(text: string, detail?: string): void {
    this.#bar.stop();
    const shown = detail === undefined ? text : `${text} (${detail})`;
    if (this.#spinner.isSpinning) this.#spinner.text = shown;
    else this.#spinner.start(shown);
  }

  progress(state: ProgressState): void {
    this.#spinner.stop();
    if (this.#bar.isActive) this.#bar.update(state.bytes, state);
    else this.#bar.start(state.total ?? Number.MAX_SAFE_INTEGER, state.bytes, state);
  }

  hide(): void {
    this.#spinner.stop();
    this.#bar.stop();
  }
}
