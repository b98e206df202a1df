import type { ErrorCode } from '../errors.ts';
import type { Code } from '../handshake/code.ts';
import type { Machine, Transmit } from '../machine.ts';
import { encodeCandidates } from '../path/candidate-codec.ts';
import { after, earliest, type Instant, type Millis, millis } from '../time.ts';
import { TransferReceiver } from '../transfer/transfer-receiver.ts';
import type { Endpoint } from '../wire/endpoint.ts';
import { forEachRun } from '../wire/packet-runs.ts';
import { Ending } from './ending.ts';
import { Joining, type JoiningEvent } from './joining.ts';
import { peerCandidates } from './peer-candidates.ts';
import { type LinkEvent, PeerLink } from './peer-link.ts';
import { closeCodeOf, failureOfClose, outcomeOf } from './session-close.ts';
import type { SessionEvent, SessionFailure } from './session-event.ts';
import type { SessionOptions } from './session-options.ts';

export interface ReceiverSessionOptions extends SessionOptions {
  readonly code: Code;
  readonly server: Endpoint | undefined;
  /** How long servers may turn up on the LAN (`addServer`); `undefined` without a search. */
  readonly searchFor: Millis | undefined;
}

/** After VERIFIED, how long the sender's goodbye is waited for: the file is safe without it. */
const GOODBYE: Millis = millis(3000);
/** But the sender is not told of its success while VERIFIED is lost: a blackout of 10 s may pass. */
const UNHEARD_GOODBYE: Millis = millis(15_000);

/**
 * A whole receiver: finds the sender, proves the code, finds a path, receives.
 *
 * The stations are machines of their own; this class passes on what one says to the next.
 */
export class ReceiverSession implements Machine<SessionEvent> {
  readonly #options: ReceiverSessionOptions;
  readonly #joining: Joining;
  readonly #transfer: TransferReceiver;
  readonly #events: SessionEvent[] = [];
  #link: PeerLink | undefined;
  /** Tells the relay where we are; nothing where none is used. */
  #bindRelay: (now: Instant) => void = () => undefined;
  /** While VERIFIED is on its way: when to stop waiting for the sender's goodbye. */
  #goodbyeAt: Instant | undefined;
  #goodbyeAtLast: Instant | undefined;
  readonly #ending = new Ending();

  constructor(options: ReceiverSessionOptions, now: Instant) {
    this.#options = options;
    const { server, searchFor, policy, localEndpoints } = options;
    this.#transfer = new TransferReceiver({ hasher: options.hasher });
    this.#joining = new Joining({
      ...options,
      box: () => encodeCandidates(policy === 'relay' ? [] : localEndpoints),
      searchUntil: searchFor === undefined ? undefined : after(now, searchFor),
    });
    if (server !== undefined) this.#joining.addServer(server, now);
  }

  /** Bytes of the files that are on the disk. */
  get bytesWritten(): number {
    return this.#transfer.bytesWritten;
  }

  /** A server that turned up on the LAN. */
  addServer(server: Endpoint, now: Instant): void {
    if (!this.#ending.begun) this.#joining.addServer(server, now);
  }

  handleBatch(batch: Uint8Array, remote: Endpoint, now: Instant): void {
    forEachRun(batch, (kind, run) => {
      if (kind === 'rendezvous') this.#joining.handleRun(run, remote, now);
      else if (kind === 'probe') this.#link?.handleProbes(run, remote, now);
      else this.#link?.handlePackets(run, remote, now);
    });
    this.#drain(now);
  }

  handleTimeout(now: Instant): void {
    this.#joining.handleTimeout(now);
    this.#link?.handleTimeout(now);
    if (this.#goodbyeAt !== undefined && now >= this.#goodbyeAt) this.#onNoGoodbye(now);
    const outcome = this.#ending.handleTimeout(now);
    if (outcome !== undefined) {
      this.#joining.close(outcome, now);
      this.#events.push({ kind: 'gone' });
    }
    this.#drain(now);
  }

  pollTransmit(now: Instant): Transmit | undefined {
    return this.#link?.pollTransmit(now) ?? this.#joining.pollTransmit(now);
  }

  pollEvent(): SessionEvent | undefined {
    return this.#events.shift() ?? this.#pollWrite();
  }

  pollTimeout(): Instant | undefined {
    return earliest(
      this.#joining.pollTimeout(),
      this.#link?.pollTimeout(),
      this.#goodbyeAt,
      this.#ending.deadline,
    );
  }

  /** Says yes to the offer. */
  accept(now: Instant): void {
    this.#transfer.accept();
    this.#drain(now);
  }

  /** Says no to the offer, which ends the session. */
  decline(reason: ErrorCode, now: Instant): void {
    this.#fail({ kind: 'failed', code: reason, by: 'self', detail: 'declined' }, now);
  }

  handleWritten(entry: number, offset: number, length: number, now: Instant): void {
    this.#transfer.handleWritten(entry, offset, length);
    this.#drain(now);
  }

  /** Everything is on the disk under its final name: the sender is told so. */
  handlePublished(now: Instant): void {
    this.#transfer.handlePublished();
    this.#goodbyeAt = after(now, GOODBYE);
    this.#goodbyeAtLast = after(now, UNHEARD_GOODBYE);
  }

  /** Ends the session because of something on this side; the sender is told the code. */
  abort(code: ErrorCode, detail: string, now: Instant): void {
    this.#fail({ kind: 'failed', code, by: 'self', detail }, now);
  }

  #pollWrite(): SessionEvent | undefined {
    const write = this.#ending.begun ? undefined : this.#transfer.pollWrite();
    return write === undefined ? undefined : { kind: 'write', ...write };
  }

  #drain(now: Instant): void {
    for (let event = this.#joining.pollEvent(); event; event = this.#joining.pollEvent()) {
      this.#onJoiningEvent(event, now);
    }
    for (let event = this.#link?.pollEvent(); event; event = this.#link?.pollEvent()) {
      this.#onLinkEvent(event, now);
    }
    this.#drainTransfer(now);
  }

  #onJoiningEvent(event: JoiningEvent, now: Instant): void {
    switch (event.kind) {
      case 'established':
        this.#connect(event, now);
        break;
      case 'failed':
        if (this.#link === undefined) this.abort(event.code, 'rendezvous failed', now);
        break;
    }
  }

  #connect(event: Extract<JoiningEvent, { kind: 'established' }>, now: Instant): void {
    const { guest, keys, box } = event;
    this.#link = new PeerLink(
      {
        ...this.#options,
        role: 'controlled',
        keys,
        source: (maxBytes) => this.#transfer.pollRecord(maxBytes),
      },
      now,
    );
    const { server, observed, peer } = guest;
    const { interfaces, policy } = this.#options;
    // A sender that is its own server is found where the server is.
    const peerPublic = peer ?? server;
    for (const candidate of peerCandidates(box, {
      server,
      ownPublic: observed,
      peerPublic,
      interfaces,
    })) {
      this.#link.addCandidate(candidate, now);
    }
    if (policy !== 'direct') {
      const { relayToken, receive } = keys;
      const binding = { relayToken, connectionId: receive.connectionId };
      this.#bindRelay = (at) => guest.machine.bindRelay(binding, at);
      this.#bindRelay(now);
      // Named at once: else a check that comes through it would be learnt as a direct path.
      this.#link.addCandidate({ kind: 'relay', endpoint: server }, now);
    }
    this.#events.push({ kind: 'joined', verifier: keys.verifier });
  }

  #onLinkEvent(event: LinkEvent, now: Instant): void {
    switch (event.kind) {
      case 'record':
        this.#transfer.handleRecord(event.plaintext);
        break;
      case 'path':
      case 'strict':
        this.#events.push(event);
        break;
      case 'quiet':
        this.#bindRelay(now);
        break;
      case 'closed':
        if (this.#goodbyeAt !== undefined) this.#finish(now);
        else this.#fail(failureOfClose(event), now);
        break;
      case 'silent':
        this.abort(event.everHeard ? 'P2P_INTERRUPTED' : 'P2P_PEER_UNREACHABLE', 'silence', now);
        break;
    }
  }

  #drainTransfer(now: Instant): void {
    const consumed = this.#transfer.takeConsumed();
    if (consumed > 0) this.#link?.connection.release(consumed, now);
    for (let event = this.#transfer.pollEvent(); event; event = this.#transfer.pollEvent()) {
      if (event.kind === 'failed') this.#fail(event, now);
      else this.#events.push(event);
    }
  }

  #onNoGoodbye(now: Instant): void {
    const isHeard = this.#link?.connection.unacknowledged === 0;
    const last = this.#goodbyeAtLast ?? now;
    if (isHeard || now >= last) this.#finish(now);
    else this.#goodbyeAt = earliest(after(now, GOODBYE), last);
  }

  #finish(now: Instant): void {
    if (this.#ending.begun) return;
    this.#goodbyeAt = undefined;
    this.#events.push({ kind: 'finished' });
    this.#ending.begin('happy', () => this.#link?.connection.close(0, 'received'), now);
  }

  #fail(failure: SessionFailure, now: Instant): void {
    if (this.#ending.begun) return;
    this.#events.push(failure);
    const { code, detail } = failure;
    const close = () => this.#link?.connection.close(closeCodeOf(code), detail);
    this.#ending.begin(outcomeOf(code), close, now);
  }
}
