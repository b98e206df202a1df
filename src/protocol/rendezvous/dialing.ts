import { after, type Instant, millis } from '../time.ts';

/** The pause after the first failure, doubled after each, and the longest. */
const FIRST_PAUSE = millis(1000);
const LONGEST_PAUSE = millis(15_000);

type State =
  | { readonly kind: 'idle'; readonly notBefore: Instant | undefined }
  | { readonly kind: 'asked' | 'open' };

/** When to open a connection to the server, where one is needed: once, and not again and again. */
export class Dialing {
  #state: State = { kind: 'idle', notBefore: undefined };
  #failures = 0;

  /** True, once, when a connection is to be tried now; also in place of one that is `stale`. */
  wants(now: Instant, stale: boolean): boolean {
    const state = this.#state;
    if (state.kind === 'asked' || (state.kind === 'open' && !stale)) return false;
    if (state.kind === 'idle' && state.notBefore !== undefined && now < state.notBefore)
      return false;
    this.#state = { kind: 'asked' };
    return true;
  }

  opened(): void {
    this.#state = { kind: 'open' };
  }

  /** The server has answered on the connection. */
  proved(): void {
    this.#failures = 0;
  }

  /** It could not be opened, or has been closed. */
  ended(now: Instant): void {
    const pause = Math.min(FIRST_PAUSE * 2 ** this.#failures, LONGEST_PAUSE);
    this.#failures += 1;
    this.#state = { kind: 'idle', notBefore: after(now, millis(pause)) };
  }

  /** When `wants` may be true next. */
  get deadline(): Instant | undefined {
    return this.#state.kind === 'idle' ? this.#state.notBefore : undefined;
  }
}
