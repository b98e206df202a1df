import type { Omitted } from '../../io/source/source-scan.ts';
import type { ErrorCode } from '../../protocol/errors.ts';

/**
 * What happens during a transfer, in the order in which it happens. One event is one line of
 * `--json`: plain values only, `event` first. Text that the peer chose (`name`) is raw: whoever
 * shows it to a person passes it through `display()` first.
 *
 * `receiver`: which one of several an event is about, by the order in which they came, from 1.
 */
export type TransferEvent = AnyEvent & { readonly receiver?: number };

type AnyEvent =
  | StatusEvent
  | CodeEvent
  | PeerEvent
  | OfferEvent
  | PathEvent
  | ProgressEvent
  | OmittedEvent
  | FileEvent
  | TextEvent
  | TicketEvent
  | ReceiverEvent
  | DoneEvent
  | ErrorEvent;

/**
 * What is being waited for; comes again at every change. `reconnecting` comes every second, and says
 * for how long nothing was heard of the other side, and how long it will still be waited for.
 * `stalled` comes every second while the other side is heard and nothing moves.
 */
export type StatusEvent =
  | { readonly event: 'status'; readonly phase: SteadyPhase }
  | {
      readonly event: 'status';
      readonly phase: 'stalled';
      readonly cause: StallCause;
      readonly stalledMs: number;
    }
  | {
      readonly event: 'status';
      readonly phase: 'reconnecting';
      readonly silentMs: number;
      readonly remainingMs: number;
    };

/** What is told once, when it begins. */
export type SteadyPhase = Exclude<TransferPhase, 'reconnecting' | 'stalled'>;

/**
 * What a transfer waits for that stands still: this side's `disk`, or the pipe in its place; or the
 * `peer`, which is heard, but sends or takes nothing.
 */
export type StallCause = 'disk' | 'peer';

export type TransferPhase =
  | 'finding-server'
  | 'waiting-for-server'
  | 'waiting-for-peer'
  | 'waiting-for-turn'
  | 'connecting'
  | 'waiting-for-offer'
  | 'waiting-for-answer'
  | 'preparing'
  | 'transferring'
  | 'reconnecting'
  | 'stalled'
  | 'verifying';

/**
 * Sender only: the code to tell the receiver. A secret. Comes again where a server that was restarted
 * gave another number, and is what counts from then on.
 */
export interface CodeEvent {
  readonly event: 'code';
  readonly code: string;
}

/** `joined`: the peer has proved that it knows the code. `wrong-code`: somebody tried another. */
export type PeerEvent =
  | { readonly event: 'peer'; readonly state: 'joined' }
  | { readonly event: 'peer'; readonly state: 'wrong-code'; readonly attemptsLeft: number };

/**
 * What is offered. Comes on both sides. `entries`: files, folders and links. `resumed`: to a receiver
 * that has accepted it before. `omitted`: to the sender, if anything was left out.
 */
export interface OfferEvent {
  readonly event: 'offer';
  readonly name: string;
  readonly entries: number;
  /** `null` for a stream. */
  readonly bytes: number | null;
  readonly resumed?: true;
  readonly omitted?: Omitted;
}

export type PathKind = 'direct' | 'relay';

/** How a path came about; the first five are direct (RFC 8445 §5.1.1 for the first three). */
export type PathVia = 'host' | 'srflx' | 'prflx' | 'mapped' | 'tcp' | 'relay-udp' | 'relay-tcp';

/** The path in use, first and at every change. Endpoints are `host:port`, IPv6 hosts in brackets. */
export interface PathEvent {
  readonly event: 'path';
  readonly kind: PathKind;
  readonly via: PathVia;
  readonly local: string;
  readonly remote: string;
  readonly rttMs: number;
}

/** `bytes` have left, or arrived; `rate` is in bytes per second; `etaMs` is `null` until it can be told. */
export interface ProgressEvent {
  readonly event: 'progress';
  readonly bytes: number;
  /** `null` for a stream, of which nobody knows how long it is. */
  readonly total: number | null;
  readonly rate: number;
  readonly etaMs: number | null;
  /** Where there are several: what is read or written. */
  readonly current?: CurrentEntry;
}

/** One of several things that are sent, by its number in the order of the offer. */
export interface CurrentEntry {
  /** From the top of the transfer, with slashes: the sender's choice, and raw. */
  readonly name: string;
  /** From 1. */
  readonly number: number;
  readonly of: number;
}

/**
 * Something at the top of a transfer, a file or a whole folder, is finished. `path` is the local one:
 * what was read, or what was written, `-` for a stream.
 */
export interface FileEvent {
  readonly event: 'file';
  readonly path: string;
  readonly bytes: number;
  readonly status: FileStatus;
}

/**
 * What was left out after all. To the sender: a file, by its local path, and why. To the receiver, at
 * the end: how many `links`, because the file system that is written to has no such thing, and files
 * that had `changed` before they were sent.
 */
export type OmittedEvent =
  | { readonly event: 'omitted'; readonly path: string; readonly code: ErrorCode }
  | { readonly event: 'omitted'; readonly links: number; readonly changed: number };

/** Receiver only: a text came, to be shown and not kept. It is the peer's choice and raw. */
export interface TextEvent {
  readonly event: 'text';
  readonly text: string;
}

/**
 * `merged`: a folder whose content went into one that was there; `unchanged`: what was there as it
 * is.
 */
export type FileStatus =
  | 'sent'
  | 'written'
  | 'renamed'
  | 'overwritten'
  | 'skipped'
  | 'merged'
  | 'unchanged';

/**
 * What becomes of the transfer if this process dies. `kept`: it can go on, by the same command or
 * under this id. `expired`: what the same command began before cannot go on any more, so this starts
 * over. `unavailable`: it will not go on, because nothing can be kept; `reason` is for logs.
 */
export type TicketEvent =
  | { readonly event: 'ticket'; readonly state: 'kept'; readonly id: string }
  | { readonly event: 'ticket'; readonly state: 'expired' }
  | { readonly event: 'ticket'; readonly state: 'unavailable'; readonly reason: string };

/**
 * Sender of several only, the last event about one of them: it has everything, or it will not have it.
 * `message` is for logs, not for people.
 */
export type ReceiverEvent =
  | {
      readonly event: 'receiver';
      readonly state: 'done';
      readonly bytes: number;
      readonly travelledBytes: number;
      readonly ms: number;
      readonly path: PathKind;
    }
  | {
      readonly event: 'receiver';
      readonly state: 'failed';
      readonly code: ErrorCode;
      readonly message: string;
      readonly by?: 'peer';
    };

/**
 * The last event of a transfer that succeeded. `path` is the kind in use at the end; of several
 * receivers, `relay` if any of them used one, and both numbers of bytes are those of all.
 * `travelledBytes`: those that went over the network for it, either way and compressed as they were, since
 * the two met the last time; what was there already or lost on the way is not among them.
 */
export interface DoneEvent {
  readonly event: 'done';
  readonly bytes: number;
  readonly travelledBytes: number;
  readonly ms: number;
  readonly path: PathKind;
}

/**
 * The last event of a transfer that failed. `message` is for logs, not for people; `ticket` is the id
 * under which it can go on, if it can, and `by` is `peer` for what the other side met and told us of.
 */
export interface ErrorEvent {
  readonly event: 'error';
  readonly code: ErrorCode;
  readonly message: string;
  readonly ticket?: string;
  readonly by?: 'peer';
}
