import type { Outcome } from '../rendezvous/requests.ts';
import { after, type Instant, type Millis, millis } from '../time.ts';

/** How long we stay at most to repeat our CLOSE to a peer that has not got it. */
const LINGER: Millis = millis(250);
/** Where no answer comes, the CLOSE may be what was lost, or the answer: so it is said three times. */
const REMINDERS: readonly Millis[] = [millis(100), millis(200)];

/** The end of a session: said, then a while in which it is said again and the peer may still ask. */
export class Ending {
  #outcome: Outcome | undefined;
  #deadline: Instant | undefined;
  #reminders: Instant[] = [];
  #isAnswered = false;
  #sayGoodbye: () => void = () => undefined;

  get begun(): boolean {
    return this.#outcome !== undefined;
  }

  /** When to look again; `undefined` before the end, and when the linger is over. */
  get deadline(): Instant | undefined {
    return this.#reminders[0] ?? this.#deadline;
  }

  /** `sayGoodbye` tells the peer; it is called at once and again. */
  begin(outcome: Outcome, sayGoodbye: () => void, now: Instant): void {
    this.#outcome = outcome;
    this.#deadline = after(now, LINGER);
    this.#reminders = REMINDERS.map((span) => after(now, span));
    this.#sayGoodbye = sayGoodbye;
    sayGoodbye();
    if (this.#isAnswered) this.#leave(now);
  }

  /** The peer has said goodbye, before or after us: there is nobody left to stay for. */
  handleGoodbye(now: Instant): void {
    this.#isAnswered = true;
    if (this.#deadline !== undefined) this.#leave(now);
  }

  /** Yields what to tell the server, once, when the linger is over. */
  handleTimeout(now: Instant): Outcome | undefined {
    if (this.#reminders[0] !== undefined && now >= this.#reminders[0]) {
      this.#reminders.shift();
      this.#sayGoodbye();
    }
    if (this.#deadline === undefined || now < this.#deadline) return undefined;
    this.#reminders = [];
    this.#deadline = undefined;
    return this.#outcome;
  }

  #leave(now: Instant): void {
    this.#reminders = [];
    this.#deadline = now;
  }
}
