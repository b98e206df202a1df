import { ProcessLock } from '../io/process-lock.ts';
import { StateFolder } from '../io/state-folder.ts';
import { HeldTicket } from './held-ticket.ts';
import { isExpired, type Ticket } from './ticket.ts';
import { decodeTicket, encodeTicket } from './ticket-codec.ts';
import type { IgnoredFile } from './unfinished-transfers.ts';

export interface StoredTicket {
  readonly ticket: Ticket;
  /** Whether a living process is at it. */
  readonly isHeld: boolean;
}

/** Files of the folder that are looked at: nobody has as many unfinished transfers. */
const MAX_TICKETS = 1000;

/** The unfinished transfers of this user. */
export class TicketStore {
  readonly #folder: StateFolder;
  readonly #now: () => number;

  private constructor(folder: StateFolder, now: () => number) {
    this.#folder = folder;
    this.#now = now;
  }

  /** Opens the folder at a path; see `StateFolder.open`. `now` in milliseconds since 1970. */
  static async open(path: string, now: () => number = Date.now): Promise<TicketStore> {
    return new TicketStore(await StateFolder.open(path), now);
  }

  isExpired(ticket: Ticket): boolean {
    return isExpired(ticket, this.#now());
  }

  /** All tickets, the oldest first, and what lies there beside them. */
  async list(): Promise<{ readonly tickets: StoredTicket[]; readonly ignored: IgnoredFile[] }> {
    const tickets: StoredTicket[] = [];
    const ignored: IgnoredFile[] = [];
    const names = (await this.#folder.names()).filter((name) => FILE_NAME.test(name));
    for (const name of names.slice(0, MAX_TICKETS)) {
      const found = await this.#read(name);
      if (found === undefined) continue;
      if (typeof found === 'string') ignored.push({ name, why: found });
      else {
        const isHeld = await ProcessLock.isTaken(this.#folder, lockOf(found.id));
        tickets.push({ ticket: found, isHeld });
      }
    }
    tickets.sort((one, other) => one.ticket.createdMs - other.ticket.createdMs);
    return { tickets, ignored };
  }

  /** Those that no process is at and that are not too old, the oldest first. */
  async idle(): Promise<Ticket[]> {
    const { tickets } = await this.list();
    const idle = tickets.filter(({ ticket, isHeld }) => !isHeld && !this.isExpired(ticket));
    return idle.map(({ ticket }) => ticket);
  }

  /** Whether there is one that is too old to be taken. */
  async hasExpired(isMeant: (ticket: Ticket) => boolean): Promise<boolean> {
    const { tickets } = await this.list();
    return tickets.some(({ ticket }) => isMeant(ticket) && this.isExpired(ticket));
  }

  /**
   * Erases the secrets that are too old. What a receiver has of the files stays until somebody cleans
   * it up, and so does what tells where that is.
   */
  async forgetExpired(): Promise<void> {
    for (const { ticket } of (await this.list()).tickets) {
      if (!this.isExpired(ticket)) continue;
      const lock = await ProcessLock.take(this.#folder, lockOf(ticket.id));
      if (lock === undefined) continue;
      const { resumeSecret: _, ...rest } = ticket;
      if (rest.kind === 'send') await this.#folder.remove(fileOf(ticket.id));
      else await this.#write(rest);
      await lock.release();
    }
  }

  /**
   * Takes the newest ticket that is not too old, of which `isMeant` is true and that no process is at;
   * of several processes that want one at once, one gets it.
   */
  async take<T extends Ticket>(
    isMeant: (ticket: Ticket) => ticket is T,
  ): Promise<HeldTicket<T> | undefined> {
    const { tickets } = await this.list();
    for (const { ticket } of tickets.reverse()) {
      if (!isMeant(ticket) || this.isExpired(ticket)) continue;
      const lock = await ProcessLock.take(this.#folder, lockOf(ticket.id));
      if (lock === undefined) continue;
      // What it says may have changed since, by a process that has just ended.
      const found = await this.#read(fileOf(ticket.id));
      if (typeof found === 'object' && isMeant(found)) return this.#hold(found, lock);
      await lock.release();
    }
    return undefined;
  }

  /** Takes the ticket of an id, however old it is. */
  async hold(id: string): Promise<HeldTicket<Ticket> | undefined> {
    const lock = await ProcessLock.take(this.#folder, lockOf(id));
    if (lock === undefined) return undefined;
    const found = await this.#read(fileOf(id));
    if (typeof found === 'object') return this.#hold(found, lock);
    await lock.release();
    return undefined;
  }

  /** Keeps a new ticket, on disk when it resolves; `undefined` when another process is at this id. */
  async add<T extends Ticket>(ticket: T): Promise<HeldTicket<T> | undefined> {
    const lock = await ProcessLock.take(this.#folder, lockOf(ticket.id));
    if (lock === undefined) return undefined;
    await this.#write(ticket);
    return this.#hold(ticket, lock);
  }

  async close(): Promise<void> {
    await this.#folder.close();
  }

  #hold<T extends Ticket>(ticket: T, lock: ProcessLock): HeldTicket<T> {
    return new HeldTicket({
      ticket,
      now: this.#now,
      write: (changed) => this.#write(changed),
      remove: () => this.#folder.remove(fileOf(ticket.id)),
      release: () => lock.release(),
    });
  }

  async #write(ticket: Ticket): Promise<void> {
    await this.#folder.write(fileOf(ticket.id), encodeTicket(ticket));
  }

  /** `undefined` when it has gone since it was listed. */
  async #read(name: string): Promise<Ticket | IgnoredFile['why'] | undefined> {
    const read = await this.#folder.read(name);
    if (read.kind === 'missing') return undefined;
    if (read.kind === 'refused') return read.why;
    const ticket = decodeTicket(read.bytes);
    return ticket !== undefined && fileOf(ticket.id) === name ? ticket : 'malformed';
  }
}

const FILE_NAME = /^[0-9a-f]{8}\.json$/;

function fileOf(id: string): string {
  return `${id}.json`;
}

function lockOf(id: string): string {
  return `${id}.lock`;
}
