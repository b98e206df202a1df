import type { Code } from '../../protocol/handshake/code.ts';
import type { ConflictPolicy } from '../api/options.ts';

/** What a side keeps on disk of a transfer, so that the same code works again after it died. */
export type Ticket = SendTicket | ReceiveTicket;

interface TicketCommon {
  /** 8 random hexadecimal digits; what the receiver has of the files bears them too. */
  readonly id: string;
  /** Milliseconds since 1970: when it began, and when it was at work last. */
  readonly createdMs: number;
  readonly seenMs: number;
  /** What was asked for: the same again is the same transfer. */
  readonly request: StoredOptions;
  /** How it is gone about: the servers, and what may be used on the way. */
  readonly ways: StoredOptions;
  /** What was accepted, once it was. */
  readonly offer?: StoredOffer;
}

export interface SendTicket extends TicketCommon {
  readonly kind: 'send';
  readonly code: Code;
  /** 16 bytes by which a server knows the registration of the code again. */
  readonly ownerSecret: Uint8Array;
  /** 16 bytes that the version tags of files are made with. */
  readonly salt: Uint8Array;
  readonly failedAttempts: number;
  /** How many of several receivers have everything; the code is good for the others. */
  readonly served?: number;
  /** How many of them have come and have not got it yet: they look for the sender again, if it dies. */
  readonly unserved?: number;
  /** 32 bytes, from the time on that the receiver was heard: then the code itself is used up. */
  readonly resumeSecret?: Uint8Array;
}

export interface ReceiveTicket extends TicketCommon {
  readonly kind: 'receive';
  /** Tells the same code from others without being it: 16 bytes, and 32. */
  readonly codeSalt: Uint8Array;
  readonly codeHash: Uint8Array;
  /** 32 bytes; erased when the ticket has expired. */
  readonly resumeSecret?: Uint8Array;
  /** Whether the sender has others as well, and its code is good for them. */
  readonly isOneOfSeveral?: boolean;
  /** The folder in which what comes has its staging place, once something was accepted. */
  readonly folder?: string;
  /** Of an offer (`offerKey`) that is here whole, from the time on that it may have its final names. */
  readonly settled?: string;
  /** Where the people who look for it find it, from the time on that it has them. */
  readonly result?: string;
}

export type StoredOptions = Readonly<Record<string, StoredValue>>;
export type StoredValue = string | number | boolean | readonly string[];

export interface StoredOffer {
  readonly name: string;
  readonly entries: number;
  readonly bytes: number | null;
  /** What the receiving person said to do about what is in the way. */
  readonly onConflict?: ConflictPolicy;
}

/** How long the same code works after it was last at work. */
export const TICKET_LIFE_MS: number = 86_400_000;

/** A clock that was set may lie in either direction; a day of the future is as good as one of the past. */
export function isExpired({ seenMs }: Ticket, nowMs: number): boolean {
  return Math.abs(nowMs - seenMs) > TICKET_LIFE_MS;
}

export function isTicketId(value: unknown): value is string {
  return typeof value === 'string' && /^[0-9a-f]{8}$/.test(value);
}
