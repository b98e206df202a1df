import { type Instant, instant, type Millis, millis } from '../time.ts';

/** A closed connection repeats its CLOSE at most this often (RFC 9000 §10.2.1). */
const REPEAT_INTERVAL: Millis = millis(100);

/** The CLOSE that we owe the peer: once, and again if asked to or if it shows that it has not got it. */
export class Closing {
  readonly code: number;
  readonly reason: string;
  #sentAt: Instant = instant(-Infinity);
  #wanted = true;

  constructor(code: number, reason: string) {
    this.code = code;
    this.reason = reason;
  }

  /** Nobody acknowledges a CLOSE: on a lossy path, one is not enough. */
  repeat(): void {
    this.#wanted = true;
  }

  onPeerStillTalking(now: Instant): void {
    if (now - this.#sentAt >= REPEAT_INTERVAL) this.#wanted = true;
  }

  /** Whether a CLOSE has to leave now; asking books it as sent. */
  take(now: Instant): boolean {
    const wanted = this.#wanted;
    this.#wanted = false;
    if (wanted) this.#sentAt = now;
    return wanted;
  }
}
