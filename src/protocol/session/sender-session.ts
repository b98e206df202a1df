import type { ErrorCode } from '../errors.ts';
import type { Machine, Transmit } from '../machine.ts';
import type { OpenedBase } from '../nat/nat-survey.ts';
import type { SessionKeys } from '../session-keys.ts';
import { earliest, type Instant } from '../time.ts';
import type { Entry } from '../transfer/entry.ts';
import { TransferSender } from '../transfer/transfer-sender.ts';
import { CloseCode, type ConnectionEvent } from '../transport/connection-event.ts';
import type { Endpoint } from '../wire/endpoint.ts';
import { forEachRun } from '../wire/packet-runs.ts';
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
import { SessionPeer } from './session-peer.ts';

export type SenderSessionOptions = SessionOptions &
  Omit<EntranceOptions, 'box' | 'receivers' | 'places'>;

/**
 * A whole sender: waits to be found, proves the code, finds a path, sends.
 *
 * The stations are machines of their own; this class passes on what one says to the next.
 */
export class SenderSession implements Machine<SessionEvent> {
  readonly #entrance: Entrance;
  #transfer: TransferSender;
  readonly #claimants = new Claimants();
  readonly #peer: SessionPeer;
  #keys: SessionKeys | undefined;
  /** Whether the receiver has everything. */
  #isVerified = false;

  constructor(options: SenderSessionOptions, now: Instant) {
    this.#transfer = new TransferSender(options);
    this.#peer = new SessionPeer(options, {
      role: 'controlling',
      source: (maxBytes) => this.#transfer.pollRecord(maxBytes),
      onRecord: (plaintext) => this.#transfer.handleRecord(plaintext),
      onClosed: (event, at) => this.#onClosed(event, at),
    });
    this.#entrance = new Entrance({ ...options, box: () => this.#peer.box }, now);
    this.#drain(now);
  }

  /** Bytes of the files that have left, or that the receiver had already. */
  get bytesTaken(): number {
    return this.#transfer.bytesTaken;
  }

  handleBatch(batch: Uint8Array, remote: Endpoint, now: Instant): void {
    forEachRun(batch, (kind, run) => {
      if (kind === 'rendezvous') this.#handleRendezvous(run, remote, now);
      else this.#peer.handleRun(kind, run, remote, now);
    });
    this.#drain(now);
  }

  handleTimeout(now: Instant): void {
    this.#entrance.handleTimeout(now);
    const outcome = this.#peer.handleTimeout(now);
    if (outcome !== undefined) this.#entrance.close(outcome, now);
    this.#drain(now);
  }

  pollTransmit(now: Instant): Transmit | undefined {
    return this.#peer.pollTransmit(now) ?? this.#entrance.pollTransmit(now);
  }

  pollEvent(): SessionEvent | undefined {
    return this.#peer.pollEvent() ?? this.#pollFileEvent();
  }

  pollTimeout(): Instant | undefined {
    return earliest(this.#entrance.pollTimeout(), this.#peer.pollTimeout());
  }

  /** Says what there is to be had, once it is known; at least one entry. */
  offer(entries: readonly Entry[], now: Instant, storedBytes?: number): void {
    this.#transfer.offer(entries, storedBytes);
    this.#drain(now);
  }

  handleRead(entry: number, offset: number, bytes: Uint8Array, now: Instant): void {
    this.#transfer.handleRead(entry, offset, bytes);
    this.#drain(now);
  }

  /** Leaves out a file of which a read has failed; false where that cannot be (`TransferSender.omit`). */
  omit(entry: number, now: Instant): boolean {
    const isOmitted = this.#transfer.omit(entry);
    this.#drain(now);
    return isOmitted;
  }

  /** What was kept to meet the receiver again is no more: it is dismissed. */
  handleForgotten(now: Instant): void {
    this.#peer.finish('verified', now);
    this.#drain(now);
  }

  /** We could not act for a while: asleep, or stopped. To be told before anything else. */
  handleWake(now: Instant): void {
    this.#entrance.refresh(now);
    this.#peer.handleWake(now);
    this.#drain(now);
  }

  /** Addresses of this machine have come or gone. */
  handleNetworks(networks: LocalNetworks, now: Instant): void {
    this.#entrance.refresh(now);
    this.#peer.handleNetworks(networks, now);
    this.#drain(now);
  }

  /** Ends the session because of something on this side; the receiver is told the code. */
  abort(code: ErrorCode, detail: string, now: Instant): void {
    this.#peer.abort(code, detail, now);
  }

  /** A connection to the server is open, as `dial` asked, and carries what is for `way`. */
  addWay(server: Endpoint, way: Endpoint, now: Instant): void {
    this.#entrance.addWay(server, way, now);
    this.#peer.addWay(server, way, now);
    this.#drain(now);
  }

  /** It could not be opened, or is closed. */
  endWay(server: Endpoint, way: Endpoint, now: Instant): void {
    this.#entrance.endWay(server, way, now);
    this.#drain(now);
  }

  /** The public port at which our router lets everybody in has come, changed or gone. */
  handleMappedPort(mappedPort: number | undefined, now: Instant): void {
    this.#peer.situate({ mappedPort }, now);
    this.#drain(now);
  }

  /** What became of a connection that `anchor` or `connect` asked for, now or later. */
  handleStream(base: number, isOpen: boolean, now: Instant): void {
    this.#peer.handleStream(base, isOpen, now);
    this.#drain(now);
  }

  /** What could be opened of the sockets that one `open-bases` asked for; in the order of asking. */
  handleBases(asked: readonly number[], opened: readonly OpenedBase[], now: Instant): void {
    this.#peer.handleBases(asked, opened, now);
    this.#drain(now);
  }

  #pollFileEvent(): SessionEvent | undefined {
    if (this.#peer.isOver) return undefined;
    const buffer = this.#transfer.pollReleased();
    if (buffer !== undefined) return { kind: 'released', buffer };
    const read = this.#transfer.pollRead();
    return read === undefined ? undefined : { kind: 'read', ...read };
  }

  #handleRendezvous(run: Uint8Array, remote: Endpoint, now: Instant): void {
    if (!this.#peer.handleRendezvous(run, remote, now))
      this.#entrance.handleBatch(run, remote, now);
  }

  #drain(now: Instant): void {
    for (let event = this.#entrance.pollEvent(); event; event = this.#entrance.pollEvent()) {
      this.#onEntranceEvent(event, now);
    }
    this.#peer.drain(now);
    if (this.#peer.isHeard) this.#entrance.settle();
    this.#drainTransfer(now);
  }

  #onEntranceEvent(event: EntranceEvent, now: Instant): void {
    switch (event.kind) {
      case 'code':
        // Whom we have met needs no code any more.
        if (!this.#peer.isMet) this.#peer.tell(event);
        break;
      case 'server':
        this.#peer.findServer(event.server, now);
        break;
      case 'claim':
        if (!this.#peer.isMet) this.#peer.expect();
        this.#claimants.note(event.message);
        break;
      case 'signal':
        this.#onSignal(event.message, now);
        break;
      case 'dial':
      case 'wrong-code':
        this.#peer.tell(event);
        break;
      case 'established':
        this.#connect(event, now);
        break;
      case 'closed':
        // A session that runs does not need the server any more.
        if (!this.#peer.isMet) this.abort(event.code, event.detail, now);
        break;
    }
  }

  #onSignal({ host, claimId, body, peer }: HostingMessage, now: Instant): void {
    const standing = this.#claimants.standing(claimId);
    if (standing === 'stranger') {
      // Nobody but the peer can have made it: then the claim by which it comes is the peer's, too.
      if (this.#keys === undefined || !this.#peer.isAuthentic(body)) return;
      if (!this.#claimants.addPassage(claimId)) return;
      this.#peer.addPassage(hostPassage(host, claimId, this.#keys), now);
    }
    // A NAT may show another port to another server: only what the first one saw is of use.
    this.#peer.handleSignal(body, standing === 'won' ? peer : undefined, now);
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
    this.#peer.meet(acquaintance, now);
  }

  /** A receiver leaves without an error when it has everything: its VERIFIED may have been lost. */
  #onClosed(event: Extract<ConnectionEvent, { kind: 'closed' }>, now: Instant): void {
    const isContent = event.by === 'peer' && event.code === CloseCode.none;
    if (isContent && this.#transfer.awaitsVerified) this.#onVerified();
    else if (!this.#isVerified) this.#peer.fail(failureOfClose(event), now);
  }

  #onVerified(): void {
    this.#isVerified = true;
    this.#peer.tell({ kind: 'verified' });
  }

  #drainTransfer(now: Instant): void {
    this.#peer.release(this.#transfer.takeConsumed(), now);
    for (let event = this.#transfer.pollEvent(); event; event = this.#transfer.pollEvent()) {
      switch (event.kind) {
        case 'accepted':
          if (event.limit !== undefined) this.#peer.limit(event.limit);
          this.#peer.tell({ kind: 'accepted' });
          break;
        case 'sent':
          this.#peer.tell(event);
          break;
        case 'declined':
          this.#peer.fail(
            { kind: 'failed', code: event.reason, by: 'peer', detail: 'declined' },
            now,
          );
          break;
        case 'verified':
          this.#onVerified();
          break;
        case 'failed':
          this.#peer.fail(event, now);
          break;
      }
    }
  }
}
