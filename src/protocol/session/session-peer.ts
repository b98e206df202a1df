import type { ErrorCode } from '../errors.ts';
import type { Transmit } from '../machine.ts';
import type { OpenedBase } from '../nat/nat-survey.ts';
import type { Outcome } from '../rendezvous/requests.ts';
import { earliest, type Instant } from '../time.ts';
import type { Connection } from '../transport/connection.ts';
import { RateCap } from '../transport/rate-cap.ts';
import type { Endpoint } from '../wire/endpoint.ts';
import type { PacketClass } from '../wire/packet-runs.ts';
import type { Acquaintance, Passage } from './acquaintance.ts';
import { Ending } from './ending.ts';
import { NatWatch } from './nat-watch.ts';
import { OwnNetworks } from './own-networks.ts';
import { Passages } from './passages.ts';
import { seenCandidates } from './peer-candidates.ts';
import { type LinkEvent, PeerLink } from './peer-link.ts';
import type { PeerParts } from './peer-parts.ts';
import { closeCodeOf, outcomeOf } from './session-close.ts';
import type { SessionEvent, SessionFailure } from './session-event.ts';
import type { LocalNetworks, SessionOptions } from './session-options.ts';
import { NOTHING_KNOWN, type Situation } from './signal.ts';
import { Trickle } from './trickle.ts';

/** The other side of a session, from the moment that it is met: the link to it, and the end. */
export class SessionPeer {
  readonly #options: SessionOptions;
  readonly #parts: PeerParts;
  readonly #events: SessionEvent[] = [];
  readonly #ending = new Ending();
  #link: PeerLink | undefined;
  #trickle: Trickle | undefined;
  #situation: Situation;
  readonly #nat: NatWatch;
  readonly #networks: OwnNetworks;
  #passages: Passages | undefined;

  constructor(options: SessionOptions, parts: PeerParts) {
    this.#options = options;
    this.#networks = new OwnNetworks(options);
    this.#situation = { ...NOTHING_KNOWN, thorough: options.thorough ?? false };
    this.#nat = new NatWatch(options.random);
    this.#parts = parts;
  }

  /** The plaintext of our sealed box: where we are. */
  get box(): Uint8Array {
    return this.#networks.box;
  }

  get isMet(): boolean {
    return this.#link !== undefined;
  }

  /** Whether anything of it has come by any path. */
  get isHeard(): boolean {
    return this.#link?.isHeard === true;
  }

  /** Whether the session has finished or failed; only goodbyes are left. */
  get isOver(): boolean {
    return this.#ending.begun;
  }

  /** Whether all that we have sent has been acknowledged. */
  get hasHeardAll(): boolean {
    return this.connection?.unacknowledged === 0;
  }

  /** Begins to look for a path: to whom was met last, where an earlier one is not to be found. */
  meet(acquaintance: Acquaintance, now: Instant): void {
    this.#leave(now);
    const { keys, box, meeting: met, passage } = acquaintance;
    const { policy, servers } = this.#options;
    const relays = servers.map(({ endpoint }) => endpoint);
    const meeting = { ...met, relays, interfaces: this.#networks.interfaces };
    const link = new PeerLink({ ...this.#options, ...this.#parts, keys }, now);
    this.#link = link;
    // First of all, and before anything that shows the peer that we have begun: it opens our NATs.
    for (const candidate of seenCandidates(meeting)) link.addCandidate(candidate, now);
    const passages = new Passages(link, policy !== 'direct');
    this.#passages = passages;
    passages.add(passage, now);
    const situation = { ...this.#situation, ...this.#nat.meet(now) };
    const post = (body: Uint8Array, at: Instant) => passages.post(body, at);
    this.#trickle = new Trickle(
      { ...this.#options, keys, box, link, meeting, situation, post },
      now,
    );
    link.handleTimeout(now);
    const { verifier, resumeSecret } = keys;
    this.#events.push({ kind: 'joined', verifier, resumeSecret });
  }

  /**
   * Addresses of ours have come or gone. The peer is told, and all paths are asked at once; with an
   * address the network behind it is gone, and what was measured there.
   */
  handleNetworks(networks: LocalNetworks, now: Instant): void {
    const isLost = this.#networks.change(networks);
    if (isLost) this.#nat.restart(now);
    this.situate({ candidates: this.#networks.candidates }, now);
    this.#trickle?.handleInterfaces(networks.interfaces, now);
    this.#link?.restartPaths(isLost, now);
    this.#passages?.bind(now);
  }

  /** Another server knows both sides. */
  addPassage(passage: Passage, now: Instant): void {
    this.#passages?.add(passage, now);
    // By it, the peer is told once more; so it learns of the passage.
    this.situate({}, now);
  }

  /** Whether a signal is the peer's, whoever brings it. */
  isAuthentic(body: Uint8Array): boolean {
    return this.#trickle?.isAuthentic(body) ?? false;
  }

  /** There is another way to a server, and so to its relay. */
  addWay(server: Endpoint, way: Endpoint, now: Instant): void {
    this.#passages?.addWay(server, way, now);
  }

  /** Something has changed on our side: the peer is told, now or when it is met. */
  situate(change: Partial<Situation>, now: Instant): void {
    this.#situation = { ...this.#situation, ...change };
    this.#trickle?.update(change, now);
  }

  /** A signal of the peer came by way of the server, which says where it saw the peer. */
  handleSignal(body: Uint8Array, seen: Endpoint | undefined, now: Instant): void {
    this.#trickle?.handleBody(body, seen, now);
  }

  /** A server answers: it can tell what our NATs do. */
  findServer(server: Endpoint, now: Instant): void {
    if (this.#options.policy !== 'relay') this.#nat.begin(server, now);
  }

  /** Somebody comes, who may be the peer. */
  expect(): void {
    this.#nat.refresh();
  }

  /** Takes a run of rendezvous packets; whether there is nothing in it for anybody else. */
  handleRendezvous(run: Uint8Array, remote: Endpoint, now: Instant): boolean {
    const isOfTrickle = this.#trickle?.handleRun(run, remote, now) ?? false;
    return isOfTrickle || this.#nat.handleRun(run, remote, now);
  }

  /** What became of a connection that `anchor` or `connect` asked for, now or later. */
  handleStream(base: number, isOpen: boolean, now: Instant): void {
    if (!this.isOver) this.#trickle?.handleStream(base, isOpen, now);
  }

  /** What could be opened of the sockets that one `open-bases` asked for. */
  handleBases(asked: readonly number[], opened: readonly OpenedBase[], now: Instant): void {
    const bases = opened.map(({ base }) => base);
    if (asked.some((base) => this.#nat.owns(base))) this.#nat.handleBases(asked, opened, now);
    else this.#link?.handleBases(bases, now);
  }

  handleRun(
    kind: Exclude<PacketClass, 'rendezvous'>,
    run: Uint8Array,
    remote: Endpoint,
    now: Instant,
  ): void {
    if (kind === 'probe') this.#link?.handleProbes(run, remote, now);
    else this.#link?.handlePackets(run, remote, now);
  }

  /** Yields what to tell the server, once, when the last goodbye has been said. */
  handleTimeout(now: Instant): Outcome | undefined {
    this.#link?.handleTimeout(now);
    if (!this.isOver) this.#trickle?.handleTimeout(now);
    this.#nat.handleTimeout(now);
    const outcome = this.#ending.handleTimeout(now);
    if (outcome !== undefined) this.#events.push({ kind: 'gone' });
    return outcome;
  }

  /** The machine slept, or was stopped: everything is asked for anew. */
  handleWake(now: Instant): void {
    this.#link?.handleWake(now);
    this.#passages?.bind(now);
    // On its way the server sees where we are now, and tells the peer.
    this.situate({}, now);
  }

  /** Passes on what the link has to say. */
  drain(now: Instant): void {
    for (let event = this.#link?.pollEvent(); event; event = this.#link?.pollEvent()) {
      this.#onLinkEvent(event, now);
    }
    for (let event = this.#nat.pollEvent(); event; event = this.#nat.pollEvent()) {
      if (event.kind === 'changed') this.situate(event.situation, now);
      else this.#events.push(event);
    }
    const trickle = this.#trickle;
    for (let event = trickle?.pollEvent(); event; event = trickle?.pollEvent()) this.tell(event);
  }

  /** Once it is met. */
  get connection(): Connection | undefined {
    return this.#link?.connection;
  }

  /** It wants so many bytes a second at most. */
  limit(bytesPerSecond: number): void {
    this.#options.caps.push(new RateCap(bytesPerSecond));
  }

  /** The application is done with so many bytes of records. */
  release(bytes: number, now: Instant): void {
    if (bytes > 0) this.#link?.connection.release(bytes, now);
  }

  tell(event: SessionEvent): void {
    this.#events.push(event);
  }

  finish(reason: string, now: Instant): void {
    if (this.isOver) return;
    this.#events.push({ kind: 'finished' });
    this.#nat.close();
    this.#ending.begin('happy', () => this.#link?.connection.close(0, reason), now);
  }

  fail(failure: SessionFailure, now: Instant): void {
    if (this.isOver) return;
    this.#events.push(failure);
    this.#nat.close();
    const { code, detail } = failure;
    const close = () => this.#link?.connection.close(closeCodeOf(code), detail);
    this.#ending.begin(outcomeOf(code), close, now);
  }

  /** Fails for a reason of this side; the peer is told the code. */
  abort(code: ErrorCode, detail: string, now: Instant): void {
    this.fail({ kind: 'failed', code, by: 'self', detail }, now);
  }

  pollTransmit(now: Instant): Transmit | undefined {
    return (
      this.#link?.pollTransmit(now) ?? this.#nat.pollTransmit() ?? this.#trickle?.pollTransmit()
    );
  }

  pollEvent(): SessionEvent | undefined {
    return this.#events.shift();
  }

  pollTimeout(): Instant | undefined {
    const news = this.isOver ? undefined : this.#trickle?.pollTimeout();
    const link = this.#link?.pollTimeout();
    return earliest(link, news, this.#nat.pollTimeout(), this.#ending.deadline);
  }

  /** Gives back what was opened on the way to somebody who was met before. */
  #leave(now: Instant): void {
    this.#link?.close(now);
    this.drain(now);
  }

  #onLinkEvent(event: LinkEvent, now: Instant): void {
    switch (event.kind) {
      case 'record':
        this.#parts.onRecord(event.plaintext);
        break;
      case 'path':
      case 'heard':
      case 'strict':
      case 'open-bases':
      case 'close-bases':
        this.#events.push(event);
        break;
      case 'sample-wanted':
        this.#nat.refresh();
        break;
      case 'quiet':
        this.#passages?.bind(now);
        this.#link?.doubtPaths(now);
        // The server passes on where it sees us: at another port, if our NAT has forgotten us. And the
        // server by which the peer is told may be what is silent: by others it learns of those.
        this.situate({}, now);
        break;
      case 'closed':
        if (event.by === 'peer') this.#ending.handleGoodbye(now);
        if (!this.isOver) this.#parts.onClosed(event, now);
        break;
      case 'missing':
      case 'back':
        if (!this.isOver) this.#events.push(event);
        break;
      case 'gone': {
        const unreachable = this.#passages?.whyUnreachable ?? 'P2P_PEER_UNREACHABLE';
        this.abort(event.everHeard ? 'P2P_INTERRUPTED' : unreachable, 'silence', now);
        break;
      }
    }
  }
}
