import { progressFacts } from './progress-line.ts';
import type { View } from './view.ts';

/** As many as fit beside each other on a usual terminal; of the others their number is told. */
const MAX_SHOWN = 4;
/** How far it is, and how fast. */
const FACTS = 2;

/** What several receivers are at, side by side in one changing line below the lines that stay. */
export class ReceiverBoard {
  readonly #view: View;
  readonly #states = new Map<number, string>();

  constructor(view: View) {
    this.#view = view;
  }

  /** The view in which one of them is told of. */
  viewOf(receiver: number): View {
    return {
      line: (text) => {
        this.#view.line(`receiver ${receiver}: ${text}`);
        this.#show();
      },
      wait: (text) => this.#set(receiver, text),
      progress: (state) => this.#set(receiver, progressFacts(state).slice(0, FACTS).join(' ')),
      hide: () => this.#set(receiver, undefined),
    };
  }

  #set(receiver: number, state: string | undefined): void {
    if (state === undefined) this.#states.delete(receiver);
    else this.#states.set(receiver, state);
    this.#show();
  }

  #show(): void {
    const states = Array.from(this.#states, ([receiver, state]) => `${receiver}: ${state}`);
    const others = states.length - MAX_SHOWN;
    const shown = states.slice(0, MAX_SHOWN).join('  ');
    const more = others > 0 ? `  and ${others} more` : '';
    this.#view.wait(shown === '' ? 'waiting for receivers' : `${shown}${more}`);
  }
}
