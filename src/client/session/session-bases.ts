import type { Driver } from '../../io/driver.ts';
import type { SessionEvent } from '../../protocol/session/session-event.ts';
import type { Instant } from '../../protocol/time.ts';
import type { Endpoints } from './endpoints.ts';
import type { Session } from './session.ts';

interface SessionBasesOptions {
  readonly endpoints: Endpoints;
  readonly driver: Driver<SessionEvent>;
  /** Hands something to the session, and sends what comes of it. */
  readonly touch: (action: (session: Session, now: Instant) => void) => void;
}

/** Opens the UDP sockets that a session asks for, says what could be opened, and closes them again. */
export class SessionBases {
  readonly #options: SessionBasesOptions;
  #opening: Promise<void> = Promise.resolve();

  constructor(options: SessionBasesOptions) {
    this.#options = options;
  }

  onEvent(event: SessionEvent): void {
    if (event.kind === 'open-bases') {
      // One after the other: they are answered in the order of asking.
      this.#opening = this.#opening.then(() => this.#open(event.bases));
    }
    if (event.kind === 'close-bases') this.#close(event.bases);
  }

  async #open(bases: readonly number[]): Promise<void> {
    const { endpoints, driver, touch } = this.#options;
    const sockets = await endpoints.openBases(bases);
    const opened = Array.from(sockets, ([base, { address }]) => ({ base, port: address.port }));
    for (const [base, socket] of sockets) driver.addBase(base, socket);
    touch((session, now) => session.handleBases(bases, opened, now));
  }

  #close(bases: readonly number[]): void {
    const { endpoints, driver } = this.#options;
    for (const base of bases) driver.removeBase(base);
    void endpoints.closeBases(bases);
  }
}
