import { after, type Instant, type Millis, millis } from '../time.ts';

/** How long only sealed slices are taken after a record did not open; doubled each time again. */
const FIRST_SPAN: Millis = millis(10_000);
const LONGEST_SPAN: Millis = millis(300_000);

/**
 * Somebody on the path can copy a fresh header and race the packet with another payload: the record
 * then fails to open. From then on, for a while, slices are only taken in packets that are sealed
 * one by one, so that forgeries are dropped one by one as well.
 */
export class StrictMode {
  #until: Instant | undefined;
  #span: Millis = FIRST_SPAN;

  get active(): boolean {
    return this.#until !== undefined;
  }

  /** When the span ends; `undefined` while the mode is off. */
  get deadline(): Instant | undefined {
    return this.#until;
  }

  /** A record did not open. True if strict mode began just now. */
  onFailedRecord(now: Instant): boolean {
    if (this.#until !== undefined) return false;
    this.#until = after(now, this.#span);
    this.#span = millis(Math.min(LONGEST_SPAN, 2 * this.#span));
    return true;
  }

  /** Ends a span that is over. True if strict mode ended just now. */
  handleTimeout(now: Instant): boolean {
    if (this.#until === undefined || now < this.#until) return false;
    this.#until = undefined;
    return true;
  }
}
