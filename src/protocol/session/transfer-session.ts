import type { ErrorCode } from '../errors.ts';
import type { Machine, Transmit } from '../machine.ts';
import type { OpenedBase } from '../nat/nat-survey.ts';
import type { Outcome } from '../rendezvous/requests.ts';
import { earliest, type Instant } from '../time.ts';
import type { Endpoint } from '../wire/endpoint.ts';
import { forEachRun } from '../wire/packet-runs.ts';
import type { PeerParts } from './peer-parts.ts';
import type { SessionEvent } from './session-event.ts';
import type { LocalNetworks, SessionOptions } from './session-options.ts';
import { SessionPeer } from './session-peer.ts';

/** Where a side meets the other: it waits to be found, or looks. */
export interface MeetingPlace<E> extends Machine<E> {
  addWay(server: Endpoint, way: Endpoint, now: Instant): void;
  endWay(server: Endpoint, way: Endpoint, now: Instant): void;
  close(outcome: Outcome, now: Instant): void;
}

/**
 * What both sides of a transfer have in common: a place to meet, the peer once it is met, and what
 * the machine around them tells. The stations are machines of their own; a session passes on what
 * one says to the next.
 */
export abstract class TransferSession<E> implements Machine<SessionEvent> {
  protected readonly peer: SessionPeer;

  protected constructor(options: SessionOptions, parts: PeerParts) {
    this.peer = new SessionPeer(options, parts);
  }

  /** Bytes that have travelled either way: by them a slow path is told from one that stands still. */
  get movedBytes(): number {
    return this.peer.connection?.movedBytes ?? 0;
  }

  handleBatch(batch: Uint8Array, remote: Endpoint, now: Instant): void {
    forEachRun(batch, (kind, run) => {
      if (kind !== 'rendezvous') this.peer.handleRun(kind, run, remote, now);
      else if (!this.peer.handleRendezvous(run, remote, now)) {
        this.meetingPlace.handleBatch(run, remote, now);
      }
    });
    this.drain(now);
  }

  handleTimeout(now: Instant): void {
    this.meetingPlace.handleTimeout(now);
    const outcome = this.peer.handleTimeout(now);
    if (outcome !== undefined) this.meetingPlace.close(outcome, now);
    this.drain(now);
  }

  pollTransmit(now: Instant): Transmit | undefined {
    return this.peer.pollTransmit(now) ?? this.meetingPlace.pollTransmit(now);
  }

  pollEvent(): SessionEvent | undefined {
    return this.peer.pollEvent() ?? (this.peer.isOver ? undefined : this.pollFileEvent());
  }

  pollTimeout(): Instant | undefined {
    return earliest(this.meetingPlace.pollTimeout(), this.peer.pollTimeout());
  }

  /** We could not act for a while: asleep, or stopped. To be told before anything else. */
  handleWake(now: Instant): void {
    this.peer.handleWake(now);
    this.drain(now);
  }

  /** Addresses of this machine have come or gone. */
  handleNetworks(networks: LocalNetworks, now: Instant): void {
    this.peer.handleNetworks(networks, now);
    this.drain(now);
  }

  /** Ends the session because of something on this side; the other is told the code. */
  abort(code: ErrorCode, detail: string, now: Instant): void {
    this.peer.abort(code, detail, now);
  }

  /** A connection to the server is open, as `dial` asked, and carries what is for `way`. */
  addWay(server: Endpoint, way: Endpoint, now: Instant): void {
    this.meetingPlace.addWay(server, way, now);
    this.peer.addWay(server, way, now);
    this.drain(now);
  }

  /** It could not be opened, or is closed. */
  endWay(server: Endpoint, way: Endpoint, now: Instant): void {
    this.meetingPlace.endWay(server, way, now);
    this.drain(now);
  }

  /** The public port at which our router lets everybody in has come, changed or gone. */
  handleMappedPort(mappedPort: number | undefined, now: Instant): void {
    this.peer.situate({ mappedPort }, now);
    this.drain(now);
  }

  /** What became of a connection that `anchor` or `connect` asked for, now or later. */
  handleStream(base: number, isOpen: boolean, now: Instant): void {
    this.peer.handleStream(base, isOpen, now);
    this.drain(now);
  }

  /** What could be opened of the sockets that one `open-bases` asked for; in the order of asking. */
  handleBases(asked: readonly number[], opened: readonly OpenedBase[], now: Instant): void {
    this.peer.handleBases(asked, opened, now);
    this.drain(now);
  }

  protected abstract readonly meetingPlace: MeetingPlace<E>;

  protected abstract handleMeeting(event: E, now: Instant): void;

  /** What the transfer asks of the files. */
  protected abstract pollFileEvent(): SessionEvent | undefined;

  /** Acts on what the transfer has to say. */
  protected abstract drainTransfer(now: Instant): void;

  /** To be called after whatever may have made one of the stations say something. */
  protected drain(now: Instant): void {
    const place = this.meetingPlace;
    for (let event = place.pollEvent(); event; event = place.pollEvent()) {
      this.handleMeeting(event, now);
    }
    this.peer.drain(now);
    this.drainTransfer(now);
  }
}
