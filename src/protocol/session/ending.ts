import type { Outcome } from '../rendezvous/requests.ts';
import { after, type Instant, type Millis, millis } from '../time.ts';

/** How long we stay to repeat our CLOSE to a peer that has not got it, and keep its relay open. */
const LINGER: Millis = millis(200);

/** The end of a session: said once, then a while in which the peer may still ask. */
export class Ending {
  #outcome: Outcome | undefined;
  #deadline: Instant | undefined;

  get begun(): boolean {
    return this.#outcome !== undefined;
  }

  /** When the linger is over; `undefined` before the end and after it. */
  get deadline(): Instant | undefined {
    return this.#deadline;
  }

  begin(outcome: Outcome, now: Instant): void {
    this.#outcome = outcome;
    this.#deadline = after(now, LINGER);
  }

  /** Yields what to tell the server, once, when the linger is over. */
  handleTimeout(now: Instant): Outcome | undefined {
    if (this.#deadline === undefined || now < this.#deadline) return undefined;
    this.#deadline = undefined;
    return this.#outcome;
  }
}
