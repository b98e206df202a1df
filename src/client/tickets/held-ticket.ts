import type { StoredOptions, Ticket } from './ticket.ts';

/** How often a ticket notes that its transfer is at work; much finer than the day that it lives. */
const HEARTBEAT_MS = 3_600_000;

/** A change of a ticket that keeps what it is. */
export type TicketChange<T extends Ticket> = Partial<
  Omit<T, 'kind' | 'id' | 'createdMs' | 'request' | 'ways'>
>;

interface HeldTicketParts<T extends Ticket> {
  readonly ticket: T;
  readonly now: () => number;
  readonly write: (ticket: T) => Promise<void>;
  readonly remove: () => Promise<void>;
  readonly release: () => Promise<void>;
}

/** A ticket that this process is at, and nobody else. */
export class HeldTicket<T extends Ticket = Ticket> {
  readonly #parts: HeldTicketParts<T>;
  readonly #heartbeat: NodeJS.Timeout;
  #ticket: T;
  #writing: Promise<void> = Promise.resolve();
  #isOver = false;

  constructor(parts: HeldTicketParts<T>) {
    this.#parts = parts;
    this.#ticket = parts.ticket;
    const touch = () => this.#write(this.#ticket).catch(() => undefined);
    this.#heartbeat = setInterval(() => void touch(), HEARTBEAT_MS).unref();
  }

  get ticket(): T {
    return this.#ticket;
  }

  /** Changes it; resolves when the change is on disk. One change follows the other. */
  update(change: TicketChange<T>): Promise<void> {
    return this.#write({ ...this.#ticket, ...change });
  }

  /** How it is gone about this time, which may be otherwise than before. */
  note(ways: StoredOptions): Promise<void> {
    return this.#write({ ...this.#ticket, ways });
  }

  /** The transfer is over for good: nothing is left to go on with. */
  async discard(): Promise<void> {
    await this.#end(() => this.#parts.remove());
  }

  /** The transfer may go on another time. */
  async release(): Promise<void> {
    await this.#end(async () => undefined);
  }

  async #end(last: () => Promise<void>): Promise<void> {
    if (this.#isOver) return;
    this.#isOver = true;
    clearInterval(this.#heartbeat);
    await this.#writing;
    try {
      await last();
    } finally {
      await this.#parts.release();
    }
  }

  #write(changed: T): Promise<void> {
    if (this.#isOver) return this.#writing;
    const ticket = { ...changed, seenMs: this.#parts.now() };
    this.#ticket = ticket;
    const writing = this.#writing.then(() => this.#parts.write(ticket));
    // What fails is told to who asked for it, and to nobody that comes later.
    this.#writing = writing.catch(() => undefined);
    return writing;
  }
}
