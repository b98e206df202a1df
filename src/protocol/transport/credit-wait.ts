import { after, type Instant, type Millis, millis } from '../time.ts';

/** How often a sender without credit asks for it: the ACK that brought it may be lost. */
const ASK_EVERY: Millis = millis(500);

/** The wait of a sender that may seal no record before the peer gives credit. */
export class CreditWait {
  #askAt: Instant | undefined;

  /** When to ask next; `undefined` while there is no wait. */
  get deadline(): Instant | undefined {
    return this.#askAt;
  }

  begin(now: Instant): void {
    this.#askAt ??= after(now, ASK_EVERY);
  }

  end(): void {
    this.#askAt = undefined;
  }

  /** Whether the peer is to be asked now. */
  handleTimeout(now: Instant): boolean {
    if (this.#askAt === undefined || now < this.#askAt) return false;
    this.#askAt = after(now, ASK_EVERY);
    return true;
  }
}
