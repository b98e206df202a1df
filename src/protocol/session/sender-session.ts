import type { SessionKeys } from '../session-keys.ts';
import type { Instant } from '../time.ts';
import type { ReadChunk } from '../transfer/chunks/outgoing-chunk.ts';
import type { Entries } from '../transfer/entries/entry.ts';
import { TransferSender } from '../transfer/transfer-sender.ts';
import { CloseCode, type ConnectionEvent } from '../transport/connection-event.ts';
import { Claimants } from './claimants.ts';
import {
  Entrance,
  type EntranceEvent,
  type EntranceOptions,
  type HostingMessage,
} from './entrance.ts';
import { hostPassage } from './passages.ts';
import { failureOfClose } from './session-close.ts';
import type { SessionEvent } from './session-event.ts';
import type { LocalNetworks, SessionOptions } from './session-options.ts';
import { TransferSession } from './transfer-session.ts';

export type SenderSessionOptions = SessionOptions &
  Omit<EntranceOptions, 'box' | 'receivers' | 'places'> & {
    /** Whether chunks are to be compressed where the receiver takes that; not when absent. */
    readonly compresses?: boolean;
  };

/** A whole sender: waits to be found, proves the code, finds a path, sends. */
export class SenderSession extends TransferSession<EntranceEvent> {
  protected readonly meetingPlace: Entrance;
  readonly #transfer: TransferSender;
  readonly #claimants = new Claimants();
  #keys: SessionKeys | undefined;
  /** Whether the receiver has everything. */
  #isVerified = false;

  constructor(options: SenderSessionOptions, now: Instant) {
    super(options, {
      role: 'controlling',
      source: (maxBytes) => this.#transfer.pollRecord(maxBytes),
      onRecord: (plaintext) => this.#transfer.handleRecord(plaintext),
      onClosed: (event, at) => this.#onClosed(event, at),
    });
    this.#transfer = new TransferSender(options);
    this.meetingPlace = new Entrance({ ...options, box: () => this.peer.box }, now);
    this.drain(now);
  }

  /** Bytes of the files that have left, or that the receiver had already. */
  get bytesTaken(): number {
    return this.#transfer.bytesTaken;
  }

  /** Says what there is to be had, once it is known; at least one entry. */
  offer(entries: Entries, now: Instant, storedBytes?: number): void {
    this.#transfer.offer(entries, storedBytes);
    this.drain(now);
  }

  handleRead(entry: number, offset: number, bytes: Uint8Array, now: Instant): void {
    this.#transfer.handleRead(entry, offset, bytes);
    this.drain(now);
  }

  /** Nothing has come for a moment of a read that `mayBeShort`. */
  handlePause(now: Instant): void {
    this.#transfer.handlePause();
    this.drain(now);
  }

  /** What became of the chunks of a `compress` (`TransferSender.handleCompressed`). */
  handleCompressed(
    chunks: readonly ReadChunk[],
    compressed: Uint8Array | undefined,
    now: Instant,
  ): void {
    this.#transfer.handleCompressed(chunks, compressed);
    this.drain(now);
  }

  /** Leaves out a file of which a read has failed; false where that cannot be (`TransferSender.omit`). */
  omit(entry: number, now: Instant): boolean {
    const isOmitted = this.#transfer.omit(entry);
    this.drain(now);
    return isOmitted;
  }

  /** What was kept to meet the receiver again is no more: it is dismissed. */
  handleForgotten(now: Instant): void {
    this.peer.finish('verified', now);
    this.drain(now);
  }

  override handleWake(now: Instant): void {
    this.meetingPlace.refresh(now);
    super.handleWake(now);
  }

  override handleNetworks(networks: LocalNetworks, now: Instant): void {
    this.meetingPlace.refresh(now);
    super.handleNetworks(networks, now);
  }

  protected pollFileEvent(): SessionEvent | undefined {
    const buffer = this.#transfer.pollReleased();
    if (buffer !== undefined) return { kind: 'released', buffer };
    const read = this.#transfer.pollRead();
    return read === undefined ? undefined : { kind: 'read', ...read };
  }

  protected handleMeeting(event: EntranceEvent, now: Instant): void {
    switch (event.kind) {
      case 'code':
        // Whom we have met needs no code any more.
        if (!this.peer.isMet) this.peer.tell(event);
        break;
      case 'server':
        this.peer.findServer(event.server, now);
        break;
      case 'claim':
        if (!this.peer.isMet) this.peer.expect();
        this.#claimants.note(event.message);
        break;
      case 'signal':
        this.#onSignal(event.message, now);
        break;
      case 'dial':
      case 'rate-limited':
      case 'wrong-code':
        this.peer.tell(event);
        break;
      case 'established':
        this.#connect(event, now);
        break;
      case 'closed':
        // A session that runs does not need the server any more.
        if (!this.peer.isMet) this.abort(event.code, event.detail, now);
        break;
    }
  }

  protected drainTransfer(now: Instant): void {
    if (this.peer.isHeard) this.meetingPlace.settle();
    this.peer.release(this.#transfer.takeConsumed(), now);
    this.#drainCompressions();
    for (let event = this.#transfer.pollEvent(); event; event = this.#transfer.pollEvent()) {
      switch (event.kind) {
        case 'accepted':
          if (event.limit !== undefined) this.peer.limit(event.limit);
          this.peer.tell({ kind: 'accepted' });
          break;
        case 'sent':
          this.peer.tell(event);
          break;
        case 'declined':
          this.peer.fail(
            { kind: 'failed', code: event.reason, by: 'peer', detail: 'declined' },
            now,
          );
          break;
        case 'verified':
          this.#onVerified();
          break;
        case 'failed':
          this.peer.fail(event, now);
          break;
      }
    }
  }

  /** Here, before any of it can have left as it is. */
  #drainCompressions(): void {
    const rate = this.peer.connection?.sendingRate;
    if (rate === undefined) return;
    for (
      let run = this.#transfer.pollCompression(rate);
      run !== undefined;
      run = this.#transfer.pollCompression(rate)
    ) {
      this.peer.tell({ kind: 'compress', ...run });
    }
  }

  #onSignal({ host, claimId, body, peer }: HostingMessage, now: Instant): void {
    const standing = this.#claimants.standing(claimId);
    if (standing === 'stranger') {
      // Nobody but the peer can have made it: then the claim by which it comes is the peer's, too.
      if (this.#keys === undefined || !this.peer.isAuthentic(body)) return;
      if (!this.#claimants.addPassage(claimId)) return;
      this.peer.addPassage(hostPassage(host, claimId, this.#keys), now);
    }
    // A NAT may show another port to another server: only what the first one saw is of use.
    this.peer.handleSignal(body, standing === 'won' ? peer : undefined, now);
  }

  #connect(won: Extract<EntranceEvent, { kind: 'established' }>, now: Instant): void {
    const { claimId, keys, box } = won;
    const { host, peer } = this.#claimants.win(claimId);
    const acquaintance = {
      keys,
      box,
      meeting: { server: host.server, ownPublic: host.observed, peerPublic: peer },
      passage: hostPassage(host, claimId, keys),
    };
    this.#keys = keys;
    this.peer.meet(acquaintance, now);
  }

  /** A receiver leaves without an error when it has everything: its VERIFIED may have been lost. */
  #onClosed(event: Extract<ConnectionEvent, { kind: 'closed' }>, now: Instant): void {
    const isContent = event.by === 'peer' && event.code === CloseCode.none;
    if (isContent && this.#transfer.awaitsVerified) this.#onVerified();
    else if (!this.#isVerified) this.peer.fail(failureOfClose(event), now);
  }

  #onVerified(): void {
    this.#isVerified = true;
    this.peer.tell({ kind: 'verified' });
  }
}
