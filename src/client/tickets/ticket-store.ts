import { ProcessLock } from '../../io/files/process-lock.ts';
import { StateFolder } from '../../io/files/state-folder.ts';
import type { IgnoredFile } from '../api/unfinished-transfers.ts';
import { HeldTicket } from './held-ticket.ts';
import { isExpired, type Ticket } from './ticket.ts';
import { decodeTicket, encodeTicket } from './ticket-codec.ts';

export interface StoredTicket {
  readonly ticket: Ticket;
  /** Whether a living process is at it. */
  readonly isHeld: boolean;
}

/** Files of the folder that are looked at: nobody has as many unfinished transfers. */
const MAX_TICKETS = 1000;
/** Of these at once: each is a handful of calls that wait for each other, and takes a descriptor. */
const SIDE_BY_SIDE = 32;

/** A write is over in moments; a process may be suspended in the middle of one. */
const DRAFT_MS = 24 * 3_600_000;

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
    const all = (await this.#folder.names()).filter((name) => FILE_NAME.test(name));
    const names = all.slice(0, MAX_TICKETS);
    while (names.length > 0) {
      const looked = names.splice(0, SIDE_BY_SIDE).map((name) => this.#look(name));
      for (const found of await Promise.all(looked)) {
        if (found === undefined) continue;
        if ('ticket' in found) tickets.push(found);
        else ignored.push(found);
      }
    }
    tickets.sort((one, other) => one.ticket.createdMs - other.ticket.createdMs);
    return { tickets, ignored };
  }

  /** Those of some that no process is at and that are not too old. */
  idle(tickets: readonly StoredTicket[]): Ticket[] {
    const idle = tickets.filter(({ ticket, isHeld }) => !isHeld && !this.isExpired(ticket));
    return idle.map(({ ticket }) => ticket);
  }

  /**
   * Erases the secrets of those that are too old, locks of which the ticket has gone, and what writes
   * left that never ended. What a receiver has of the files stays until somebody cleans it up, and so
   * does what tells where that is.
   */
  async tidy(tickets: readonly StoredTicket[]): Promise<void> {
    for (const { ticket } of tickets) {
      if (!this.isExpired(ticket)) continue;
      const lock = await ProcessLock.take(this.#folder, lockOf(ticket.id));
      if (lock === undefined) continue;
      const { resumeSecret: _, ...rest } = ticket;
      if (rest.kind === 'send') await this.#folder.remove(fileOf(ticket.id));
      else await this.#write(rest);
      await lock.release();
    }
    await this.#removeLocks();
    await this.#folder.removeDrafts(this.#now() - DRAFT_MS);
  }

  /**
   * Takes the newest of some tickets that is not too old, of which `isMeant` is true and that no
   * process is at; of several processes that want one at once, one gets it.
   */
  async take<T extends Ticket>(
    tickets: readonly StoredTicket[],
    isMeant: (ticket: Ticket) => ticket is T,
  ): Promise<HeldTicket<T> | undefined> {
    for (const { ticket } of tickets.toReversed()) {
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

  /** Left by processes that were killed between the end of a ticket and that of its lock. */
  async #removeLocks(): Promise<void> {
    const names = new Set(await this.#folder.names());
    for (const name of names) {
      const id = LOCK_NAME.exec(name)?.[1];
      if (id === undefined || names.has(fileOf(id))) continue;
      // A process that lives is about to write the ticket.
      const lock = await ProcessLock.take(this.#folder, name);
      await lock?.release();
    }
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

  async #look(name: string): Promise<StoredTicket | IgnoredFile | undefined> {
    const found = await this.#read(name);
    if (found === undefined) return undefined;
    if (typeof found === 'string') return { name, why: found };
    const isHeld = await ProcessLock.isTaken(this.#folder, lockOf(found.id));
    return { ticket: found, isHeld };
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
const LOCK_NAME = /^([0-9a-f]{8})\.lock$/;

function fileOf(id: string): string {
  return `${id}.json`;
}

function lockOf(id: string): string {
  return `${id}.lock`;
}
