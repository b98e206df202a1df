import type { Candidate, Path } from '../candidate.ts';
import type { Transmit } from '../machine.ts';
import type { PathPolicy } from '../path/checklist.ts';
import { PathAgent } from '../path/path-agent.ts';
import type { PathEvent } from '../path/path-event.ts';
import type { Terrain } from '../path/punch-ladder.ts';
import type { Crypto, Random } from '../ports.ts';
import type { SessionKeys } from '../session-keys.ts';
import { after, earliest, type Instant, type Millis, millis } from '../time.ts';
import type { CongestionName } from '../transport/congestion/controllers.ts';
import { Connection } from '../transport/connection.ts';
import type { ConnectionEvent } from '../transport/connection-event.ts';
import type { RecordSource } from '../transport/outgoing-records.ts';
import type { RateCap } from '../transport/rate-cap.ts';
import { type Endpoint, sameEndpoint } from '../wire/endpoint.ts';
import { Silence, type SilenceEvent } from './silence.ts';

/** How often traffic counts as consent; far finer than any timer of the path agent. */
const VOUCH_INTERVAL: Millis = millis(10);
/** Round-trip time before any path has answered (RFC 9002 §6.2.2). */
const INITIAL_RTT: Millis = millis(333);

export type LinkEvent =
  | ConnectionEvent
  | SilenceEvent
  | Extract<PathEvent, { kind: 'open-bases' | 'close-bases' | 'sample-wanted' }>
  | { readonly kind: 'path'; readonly path: Path };

export interface PeerLinkOptions {
  readonly role: 'controlling' | 'controlled';
  readonly keys: SessionKeys;
  readonly crypto: Crypto;
  readonly random: Random;
  readonly policy: PathPolicy;
  readonly source: RecordSource;
  /** As those of a connection. */
  readonly caps: readonly RateCap[];
  readonly congestion?: CongestionName | undefined;
}

/** A connection to a peer over whichever path is best: the path agent and the transport, joined. */
export class PeerLink {
  readonly #agent: PathAgent;
  readonly #connection: Connection;
  readonly #events: LinkEvent[] = [];
  #remote: Endpoint | undefined;
  #told: Path | undefined;
  #vouched: { readonly remote: Endpoint; readonly at: Instant } | undefined;
  /** The agent's deadline after the last time that anything was asked of it. */
  #agentDeadline: Instant | undefined;
  readonly #silence: Silence;

  constructor(options: PeerLinkOptions, now: Instant) {
    this.#agent = new PathAgent(options, now);
    const { congestion = 'bbr' } = options;
    this.#connection = new Connection({ ...options, congestion, rtt: INITIAL_RTT }, now);
    this.#silence = new Silence(now);
  }

  get connection(): Connection {
    return this.#connection;
  }

  /** Whether anything of the peer has come by any path. */
  get isHeard(): boolean {
    return this.#silence.isBroken;
  }

  /** The path in use. */
  get path(): Path | undefined {
    return this.#agent.selected;
  }

  addCandidate(candidate: Candidate, now: Instant): void {
    this.#agent.addCandidate(candidate, now);
    this.#drainAgent(now);
  }

  /** The peer was heard by way of the server. */
  peerHasBegun(now: Instant): void {
    this.#agent.peerHasBegun(now);
    this.#drainAgent(now);
  }

  /** What is known of the NATs of both sides, as often as something is learnt. */
  survey(terrain: Terrain, now: Instant): void {
    this.#agent.survey(terrain, now);
    this.#drainAgent(now);
  }

  /** Sockets that `open-bases` asked for are there. */
  handleBases(bases: readonly number[], now: Instant): void {
    this.#agent.handleBases(bases);
    this.#drainAgent(now);
  }

  handleProbes(run: Uint8Array, remote: Endpoint, now: Instant): void {
    const before = this.#agent.answers;
    this.#agent.handleBatch(run, remote, now);
    // A request alone shows that the peer is there, not that anything of ours reaches it.
    if (this.#agent.answers > before) this.#silence.heard(now);
    this.#drainAgent(now);
  }

  handlePackets(run: Uint8Array, remote: Endpoint, now: Instant): void {
    if (!this.#connection.handleBatch(run, now)) return;
    this.#silence.heard(now);
    this.#vouchFor(remote, now);
  }

  handleTimeout(now: Instant): void {
    this.#agent.handleTimeout(now);
    this.#connection.handleTimeout(now);
    this.#silence.handleTimeout(now);
    this.#drainAgent(now);
  }

  /** The peer is missed: if it owes us anything, all paths have to prove themselves. */
  doubtPaths(now: Instant): void {
    if (this.#connection.unacknowledged > 0) this.#agent.doubt(now);
    this.#drainAgent(now);
  }

  /** We could not act for a while: what is known of the paths is old, and so is what comes in now. */
  handleWake(now: Instant): void {
    this.#silence.forgive(now);
    this.restartPaths(true, now);
  }

  /**
   * All paths have to prove themselves. If they are `other` ones than before, what was measured of
   * the one in use is forgotten; and an answer to what was sent before a sleep measures the sleep.
   */
  restartPaths(other: boolean, now: Instant): void {
    const { path } = this;
    if (other && path !== undefined) {
      this.#connection.usePath(path.remote, millis(path.rttMs), now);
    }
    this.#agent.restart(now);
    this.#drainAgent(now);
  }

  /** Gives all sockets back: nothing more is to be looked for. */
  close(now: Instant): void {
    this.#agent.close();
    this.#drainAgent(now);
  }

  pollTransmit(now: Instant): Transmit | undefined {
    return this.#agent.pollTransmit(now) ?? this.#connection.pollTransmit(now);
  }

  pollEvent(): LinkEvent | undefined {
    return this.#events.shift() ?? this.#silence.pollEvent() ?? this.#connection.pollEvent();
  }

  pollTimeout(): Instant | undefined {
    const connection = this.#connection.pollTimeout();
    return earliest(this.#agentDeadline, connection, this.#silence.deadline);
  }

  /** Tells the agent that `remote` is alive: not for each of thousands of batches a second. */
  #vouchFor(remote: Endpoint, now: Instant): void {
    const last = this.#vouched;
    const recent = last !== undefined && now < after(last.at, VOUCH_INTERVAL);
    if (recent && sameEndpoint(last.remote, remote)) return;
    this.#vouched = { remote, at: now };
    this.#agent.handleAuthenticated(remote, now);
    this.#drainAgent(now);
  }

  #drainAgent(now: Instant): void {
    for (let event = this.#agent.pollEvent(); event; event = this.#agent.pollEvent()) {
      this.#onPathEvent(event, now);
    }
    this.#agentDeadline = this.#agent.pollTimeout();
  }

  #onPathEvent(event: PathEvent, now: Instant): void {
    switch (event.kind) {
      case 'selected':
        this.#use(event.path, now);
        break;
      case 'sample-wanted':
      case 'open-bases':
      case 'close-bases':
        this.#events.push(event);
        break;
      // A lost path stays in use as the last resort; what the peer sees of us, nobody asks.
      case 'lost':
      case 'observed':
        break;
    }
  }

  #use(path: Path, now: Instant): void {
    // A lost path that works again, or one that is now known by a better kind, is the same path.
    if (this.#remote === undefined || !sameEndpoint(this.#remote, path.remote)) {
      this.#remote = path.remote;
      this.#connection.usePath(path.remote, millis(path.rttMs), now);
    }
    this.#tellPath(path);
  }

  /** A path that was lost and works again has not changed. */
  #tellPath(path: Path): void {
    const told = this.#told;
    this.#told = path;
    if (told?.kind === path.kind && sameEndpoint(told.remote, path.remote)) return;
    this.#events.push({ kind: 'path', path });
  }
}
