import { setTimeout } from 'node:timers/promises';
import { type ErrorCode, P2PShareError } from '../../protocol/errors.ts';
import type { TicketEvent } from '../api/events.ts';
import type { HeldTicket, TicketChange } from './held-ticket.ts';
import type { StoredOptions, Ticket } from './ticket.ts';
import { type StoredTicket, TicketStore } from './ticket-store.ts';

/** What a person does not notice. A disk that others write to may take seconds for a few bytes. */
const SOON_MS = 200;

/** After these there is nothing to go on with: somebody has decided so, or it would fail again. */
const FINAL: ReadonlySet<ErrorCode> = new Set<ErrorCode>([
  'P2P_USAGE',
  'P2P_CODE_INVALID',
  'P2P_CODE_UNKNOWN',
  'P2P_CODE_USED',
  'P2P_CODE_EXPIRED',
  'P2P_CODE_MISMATCH',
  'P2P_CODE_BURNT',
  'P2P_NOT_VERIFIED',
  'P2P_DECLINED',
  'P2P_NAME_REFUSED',
  'P2P_VERSION_MISMATCH',
  'P2P_SENDER_OUTDATED',
  'P2P_RECEIVER_OUTDATED',
  'P2P_SERVER_OUTDATED',
]);

/** After these there is, where something had come before: a name that was free may be taken by then. */
const FINAL_UNTIL_ACCEPTED: ReadonlySet<ErrorCode> = new Set<ErrorCode>([
  'P2P_CANCELLED',
  'P2P_TARGET_EXISTS',
]);

/**
 * The ticket of a running transfer: on disk as far as there is a state folder, and in memory in any
 * case. Trouble with the disk never ends a transfer; it only cannot go on after this process.
 */
export class TicketKeeper<T extends Ticket> {
  readonly #store: TicketStore | undefined;
  readonly #emit: (event: TicketEvent) => void;
  #held: HeldTicket<T> | undefined;
  #ticket: T;
  #changing: Promise<void> = Promise.resolve();
  #isTold = false;
  #isForgotten = false;
  #stays = false;
  #isMissed = false;
  #endsWithProcess = false;

  constructor(parts: {
    readonly store: TicketStore | undefined;
    readonly emit: (event: TicketEvent) => void;
    readonly held: HeldTicket<T> | undefined;
    readonly ticket: T;
  }) {
    this.#store = parts.store;
    this.#emit = parts.emit;
    this.#held = parts.held;
    this.#ticket = parts.ticket;
  }

  get ticket(): T {
    return this.#ticket;
  }

  /** Whether the transfer can go on, in another process, after a failure. */
  canGoOn(error: unknown): boolean {
    return this.#held !== undefined && !this.#endsWithProcess && this.#isWorthIt(error);
  }

  /** What is transferred cannot be sent a second time, nothing of it has come, or nobody wants any more. */
  endWithProcess(): void {
    this.#endsWithProcess = true;
  }

  /** Resolves when it is on disk, or cannot be. One change follows the other. */
  change(change: TicketChange<T>): Promise<void> {
    this.#ticket = { ...this.#ticket, ...change };
    this.#changing = this.#changing.then(() => this.#write(change));
    return this.#changing;
  }

  /** Whether somebody who has no secret to meet us again would miss the transfer, and has the code. */
  miss(isMissed: boolean): void {
    this.#isMissed = isMissed;
  }

  /** Whether the ticket is kept even if the transfer succeeds. */
  stay(stays: boolean): void {
    this.#stays = stays;
  }

  /** The transfer is as good as over: nothing is left to go on with. Never rejects. */
  async forget(): Promise<void> {
    await this.#changing;
    await this.#held?.discard().catch(() => undefined);
    this.#held = undefined;
    this.#isForgotten = true;
  }

  /**
   * Waits for the end of the transfer, and keeps the ticket for another time if it can go on then: a
   * failure tells under which id.
   */
  async over<R>(transfer: Promise<R>): Promise<R> {
    try {
      const result = await transfer;
      await this.#end(!this.#stays);
      return result;
    } catch (error) {
      await this.#changing;
      const canGoOn = this.canGoOn(error);
      await this.#end(!canGoOn);
      throw canGoOn ? unfinished(error, this.#ticket.id) : error;
    }
  }

  async #write(change: TicketChange<T>): Promise<void> {
    try {
      if (this.#held !== undefined) await this.#held.update(change);
      else if (!this.#isForgotten) this.#held = await this.#store?.add(this.#ticket);
      if (this.#held !== undefined)
        this.#tell({ event: 'ticket', state: 'kept', id: this.#ticket.id });
    } catch (error) {
      this.#tell({ event: 'ticket', state: 'unavailable', reason: String(error) });
    }
  }

  async #end(forGood: boolean): Promise<void> {
    await this.#changing;
    try {
      if (forGood) await this.#held?.discard();
      else await this.#held?.release();
      await this.#store?.close();
    } catch {
      // The transfer has ended as it has: what is left over is found, and cleaned up, another time.
    }
  }

  #isWorthIt(error: unknown): boolean {
    const { resumeSecret, offer } = this.#ticket;
    // Whoever has met nobody has given up its number.
    if (resumeSecret === undefined && !this.#isMissed) return false;
    if (!(error instanceof P2PShareError)) return true;
    // Nothing was accepted, so there is nothing that somebody would miss.
    const isNothing = offer === undefined && !this.#isMissed;
    if (isNothing && FINAL_UNTIL_ACCEPTED.has(error.code)) return false;
    return !FINAL.has(error.code);
  }

  #tell(event: TicketEvent): void {
    if (this.#isTold) return;
    this.#isTold = true;
    this.#emit(event);
  }
}

/**
 * The ticket of what the same request began before, if nobody is at it and it can go on, or a new
 * one. Without a folder, or where that cannot be had, transfers end with their process.
 */
export async function keeperOf<T extends Ticket>(options: {
  readonly stateFolder: string | undefined;
  /** How it is gone about this time. */
  readonly ways: StoredOptions;
  readonly emit: (event: TicketEvent) => void;
  readonly isMeant: (ticket: Ticket) => ticket is T;
  /** A new one; `others` are those of all transfers that nobody is at and that can go on. */
  readonly make: (others: readonly Ticket[]) => T;
}): Promise<TicketKeeper<T>> {
  const { stateFolder, ways, emit, isMeant, make } = options;
  let store: TicketStore | undefined;
  try {
    store = stateFolder === undefined ? undefined : await TicketStore.open(stateFolder);
    const tickets = (await store?.list())?.tickets ?? [];
    const held = await store?.take(tickets, isMeant);
    await held?.note(ways);
    const isOver = ({ ticket }: StoredTicket) => isMeant(ticket) && store?.isExpired(ticket);
    if (held === undefined && tickets.some(isOver)) emit({ event: 'ticket', state: 'expired' });
    await store?.tidy(tickets);
    const ticket = held?.ticket ?? make(store?.idle(tickets) ?? []);
    return new TicketKeeper({ store, emit, held, ticket });
  } catch (error) {
    await store?.close();
    emit({ event: 'ticket', state: 'unavailable', reason: String(error) });
    return new TicketKeeper({ store: undefined, emit, held: undefined, ticket: make([]) });
  }
}

/** For what a person waits for: resolves when it is `kept`, or in a moment, whatever the disk does. */
export async function keptSoon(kept: Promise<void>): Promise<void> {
  await Promise.race([kept, setTimeout(SOON_MS, undefined, { ref: false })]);
}

/** Whether two runs were asked for the same. */
export function isSameRequest(one: StoredOptions, other: StoredOptions): boolean {
  return canonical(one) === canonical(other);
}

function canonical(options: StoredOptions): string {
  return JSON.stringify(Object.entries(options).sort(([a], [b]) => (a < b ? -1 : 1)));
}

function unfinished(error: unknown, ticket: string): P2PShareError {
  if (!(error instanceof P2PShareError)) {
    return new P2PShareError('P2P_PROTOCOL', String(error), { cause: error, ticket });
  }
  const { code, message, cause, path, by, space } = error;
  return new P2PShareError(code, message, {
    ...(cause === undefined ? {} : { cause }),
    ...(path === undefined ? {} : { path }),
    ticket,
    by,
    space,
  });
}
