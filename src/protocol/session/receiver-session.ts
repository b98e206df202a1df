import type { ErrorCode } from '../errors.ts';
import type { Code } from '../handshake/code.ts';
import type { SessionKeys } from '../session-keys.ts';
import { after, earliest, type Instant, type Millis, millis } from '../time.ts';
import type { Holdings, Wishes } from '../transfer/messages/answer-message.ts';
import { TransferReceiver } from '../transfer/transfer-receiver.ts';
import type { ConnectionEvent } from '../transport/connection-event.ts';
import { type Endpoint, sameEndpoint } from '../wire/endpoint.ts';
import type { Acquaintance } from './acquaintance.ts';
import { isElsewhere } from './elsewhere.ts';
import type { Guest } from './guest.ts';
import { Joining } from './joining.ts';
import type { JoiningEvent } from './joining-event.ts';
import { guestPassage } from './passages.ts';
import { failureOfClose } from './session-close.ts';
import type { SessionEvent } from './session-event.ts';
import type { SessionOptions } from './session-options.ts';
import { TransferSession } from './transfer-session.ts';

export interface ReceiverSessionOptions extends SessionOptions {
  readonly code: Code;
  /** How long servers may turn up on the LAN (`addServer`); `undefined` without a search. */
  readonly searchFor: Millis | undefined;
}

/**
 * After VERIFIED, how long the sender's goodbye is waited for: the file is safe without it. But a sender that
 * died before it has forgotten us waits for us in its next process, and is missed after 5 s.
 */
const GOODBYE: Millis = millis(10_000);
/** But the sender is not told of its success while VERIFIED is lost: a blackout of 10 s may pass. */
const UNHEARD_GOODBYE: Millis = millis(15_000);
/** Where nobody wants to wait for it any more, VERIFIED has this long to arrive, on most paths twice. */
const HURRIED_GOODBYE: Millis = millis(1000);

/** A whole receiver: finds the sender, proves the code, finds a path, receives. */
export class ReceiverSession extends TransferSession<JoiningEvent> {
  protected readonly meetingPlace: Joining;
  readonly #transfer: TransferReceiver;
  readonly #servers: readonly Endpoint[];
  /** While VERIFIED is on its way: when to stop waiting for the sender's goodbye. */
  #goodbyeAt: Instant | undefined;
  #goodbyeAtLast: Instant | undefined;
  #isHurried = false;
  #keys: SessionKeys | undefined;
  readonly #earlyPassages: Guest[] = [];
  /** Whom we have met, until what is needed to meet again is kept. */
  #acquaintance: Acquaintance | undefined;
  /** What it has told us since; the last word of it says all. */
  #earlySignal: Extract<JoiningEvent, { kind: 'signal' }> | undefined;

  constructor(options: ReceiverSessionOptions, now: Instant) {
    const { servers, searchFor } = options;
    const transfer = new TransferReceiver({ hasher: options.hasher });
    super(options, {
      role: 'controlled',
      source: (maxBytes) => transfer.pollRecord(maxBytes),
      onRecord: (plaintext) => transfer.handleRecord(plaintext),
      onClosed: (event, at) => this.#onClosed(event, at),
    });
    this.#transfer = transfer;
    this.#servers = servers.map(({ endpoint }) => endpoint);
    this.meetingPlace = new Joining({
      ...options,
      box: () => this.peer.box,
      searchUntil: searchFor === undefined ? undefined : after(now, searchFor),
    });
    for (const server of servers) this.meetingPlace.addServer(server, true, now);
    this.drain(now);
  }

  /** Bytes of the files that are on the disk. */
  get bytesWritten(): number {
    return this.#transfer.bytesWritten;
  }

  /** Of the files, those that are on the disk or on their way there, in chunks that may not be whole yet. */
  get bytesArrived(): number {
    return this.#transfer.bytesArrived;
  }

  /** A server that turned up on the LAN. */
  addServer(server: Endpoint, now: Instant): void {
    if (!this.peer.isOver) this.meetingPlace.addServer({ endpoint: server }, false, now);
  }

  override handleTimeout(now: Instant): void {
    if (this.#goodbyeAt !== undefined && now >= this.#goodbyeAt) this.#onNoGoodbye(now);
    super.handleTimeout(now);
  }

  override pollTimeout(): Instant | undefined {
    return earliest(super.pollTimeout(), this.#goodbyeAt);
  }

  /** What is needed to meet again is kept: the sender may hear of us. */
  handleKept(now: Instant): void {
    const acquaintance = this.#acquaintance;
    if (acquaintance === undefined || this.peer.isOver) return;
    this.#acquaintance = undefined;
    this.peer.meet(acquaintance, now);
    for (const guest of this.#earlyPassages.splice(0)) this.#onPassage(guest, now);
    if (this.#earlySignal !== undefined) this.#onSignal(this.#earlySignal, now);
    this.drain(now);
  }

  /**
   * Says yes to the offer; `holdings`, within its bounds, is what need not be sent, `wishes` how the rest
   * is wanted.
   */
  accept(now: Instant, holdings?: Holdings, wishes?: Wishes): void {
    this.#transfer.accept(holdings, wishes);
    this.drain(now);
  }

  /** Says no to the offer, which ends the session. */
  decline(reason: ErrorCode, now: Instant): void {
    this.peer.abort(reason, 'declined', now);
  }

  handleWritten(entry: number, offset: number, length: number, now: Instant): void {
    this.#transfer.handleWritten(entry, offset, length);
    this.drain(now);
  }

  /** Everything is on the disk under its final name: the sender is told so. */
  handlePublished(now: Instant): void {
    this.#transfer.handlePublished();
    this.#goodbyeAt = after(now, GOODBYE);
    this.#goodbyeAtLast = after(now, UNHEARD_GOODBYE);
    if (this.#isHurried) this.hurry(now);
  }

  /** Nobody wants to wait for the sender's goodbye, now or when everything is published. */
  hurry(now: Instant): void {
    this.#isHurried = true;
    if (this.#goodbyeAt === undefined) return;
    this.#goodbyeAtLast = earliest(this.#goodbyeAtLast, after(now, HURRIED_GOODBYE));
    this.#goodbyeAt = this.#goodbyeAtLast;
  }

  protected pollFileEvent(): SessionEvent | undefined {
    const write = this.#transfer.pollWrite();
    if (write === undefined) return undefined;
    return 'files' in write ? { kind: 'write-group', ...write } : { kind: 'write', ...write };
  }

  protected handleMeeting(event: JoiningEvent, now: Instant): void {
    switch (event.kind) {
      case 'established':
        this.#onEstablished(event);
        break;
      case 'server':
        // One on the LAN, the sender itself, has no sight of our NATs.
        if (this.#servers.some((one) => sameEndpoint(event.server, one))) {
          this.peer.findServer(event.server, now);
        }
        break;
      case 'dial':
      case 'queued':
      case 'admitted':
        this.peer.tell(event);
        break;
      case 'rate-limited':
        if (!this.peer.isMet) this.peer.tell({ kind: 'rate-limited' });
        break;
      case 'signal':
        this.#onSignal(event, now);
        break;
      case 'passage':
        this.#onPassage(event.guest, now);
        break;
      case 'failed':
        if (!this.peer.isMet) this.abort(event.code, 'rendezvous failed', now);
        break;
    }
  }

  protected drainTransfer(now: Instant): void {
    this.peer.release(this.#transfer.takeConsumed(), now);
    for (let event = this.#transfer.pollEvent(); event; event = this.#transfer.pollEvent()) {
      if (event.kind === 'failed') this.peer.fail(event, now);
      else this.peer.tell(event);
    }
  }

  #onSignal(event: Extract<JoiningEvent, { kind: 'signal' }>, now: Instant): void {
    if (this.#acquaintance !== undefined) this.#earlySignal = event;
    else this.peer.handleSignal(event.body, event.seen, now);
  }

  #onEstablished(event: Extract<JoiningEvent, { kind: 'established' }>): void {
    const { guest, keys, box } = event;
    const { server, observed, peer } = guest;
    this.#keys = keys;
    this.#acquaintance = {
      keys,
      box,
      // A sender that is its own server is found where the server is.
      meeting: { server, ownPublic: observed, peerPublic: peer ?? server },
      passage: guestPassage(guest, keys),
    };
    const { resumeSecret } = keys;
    this.peer.tell({ kind: 'keep', resumeSecret, isElsewhere: isElsewhere(box) });
  }

  #onPassage(guest: Guest, now: Instant): void {
    if (this.#acquaintance !== undefined) this.#earlyPassages.push(guest);
    else if (this.#keys !== undefined) this.peer.addPassage(guestPassage(guest, this.#keys), now);
  }

  #onClosed(event: Extract<ConnectionEvent, { kind: 'closed' }>, now: Instant): void {
    if (this.#goodbyeAt !== undefined) {
      this.peer.tell({ kind: 'dismissed' });
      this.#finish(now);
    } else this.peer.fail(failureOfClose(event), now);
  }

  #onNoGoodbye(now: Instant): void {
    const last = this.#goodbyeAtLast ?? now;
    if (this.peer.hasHeardAll || now >= last) this.#finish(now);
    else this.#goodbyeAt = earliest(after(now, GOODBYE), last);
  }

  #finish(now: Instant): void {
    this.#goodbyeAt = undefined;
    this.peer.finish('received', now);
  }
}
