import type { Candidate, CandidateKind, Path } from '../candidate.ts';
import type { Machine, Transmit } from '../machine.ts';
import type { Crypto, Random } from '../ports.ts';
import { earliest, type Instant, millis } from '../time.ts';
import { type Endpoint, sameEndpoint } from '../wire/endpoint.ts';
import { packetLength } from '../wire/packet.ts';
import type { CandidatePair } from './candidate-pair.ts';
import { Checklist, type PathPolicy } from './checklist.ts';
import { ObservedAddresses } from './observed-addresses.ts';
import { openingOf } from './opening.ts';
import type { PairState } from './pair-state.ts';
import { noPathCounts, type PathCounters } from './path-counters.ts';
import type { PathEvent } from './path-event.ts';
import { type PathRole, PathSelector } from './path-selector.ts';
import { decodeProbe, type Probe, type ProbeKeys } from './probe-codec.ts';
import { type DueProbe, ProbePacer } from './probe-pacer.ts';
import { isExpired, probeDueAt } from './probe-schedule.ts';
import { ProbeSender } from './probe-sender.ts';
import { PunchLadder, type Terrain } from './punch-ladder.ts';
import { ReplayWindow } from './replay-window.ts';
import { timers } from './timers.ts';

export interface PathAgentOptions {
  readonly role: PathRole;
  readonly keys: { readonly send: ProbeKeys; readonly receive: ProbeKeys };
  readonly crypto: Pick<Crypto, 'hmac' | 'equal'>;
  readonly random: Pick<Random, 'integer'>;
  readonly policy: PathPolicy;
}

/** One pair as `--verbose` shows it. */
export interface PathStatus {
  readonly kind: CandidateKind;
  readonly remote: Endpoint;
  readonly state: PairState;
  /** Milliseconds; absent until the pair has answered once. */
  readonly rttMs: number | undefined;
  readonly selected: boolean;
}

/**
 * Finds ways to the peer, proves them with keyed checks, keeps the best one in use and the others
 * warm: ICE (RFC 8445) and consent (RFC 7675) in spirit, docs/protocol-paths.md in detail.
 */
export class PathAgent implements Machine<PathEvent> {
  readonly counters: Readonly<PathCounters>;
  readonly #options: PathAgentOptions;
  readonly #counters: PathCounters;
  readonly #checklist: Checklist;
  readonly #selector: PathSelector;
  readonly #pacer: ProbePacer;
  readonly #sender: ProbeSender;
  readonly #ladder: PunchLadder;
  readonly #requests = new ReplayWindow();
  readonly #observed = new ObservedAddresses();
  readonly #events: PathEvent[] = [];
  #answers = 0;
  #peerHasBegun = false;

  constructor(options: PathAgentOptions, now: Instant) {
    this.#options = options;
    this.#counters = noPathCounts();
    this.counters = this.#counters;
    this.#checklist = new Checklist(options.policy);
    this.#selector = new PathSelector(options.role);
    this.#pacer = new ProbePacer(now);
    this.#sender = new ProbeSender({ ...options, keys: options.keys.send });
    this.#ladder = new PunchLadder({ sender: this.#sender, random: options.random }, now);
  }

  /** The path to send by; also the one of last resort, after `lost`. */
  get selected(): Path | undefined {
    return this.#selector.path;
  }

  /** New answers of the peer to our requests: each shows that both reach each other. */
  get answers(): number {
    return this.#answers;
  }

  get paths(): PathStatus[] {
    return Array.from(this.#checklist.pairs, (pair) => ({
      kind: pair.kind,
      remote: pair.candidate.endpoint,
      state: pair.state,
      rttMs: pair.rtt,
      selected: pair === this.#selector.pair,
    }));
  }

  /** Takes a candidate of the peer that came through `admitCandidate`, at any time. */
  addCandidate(candidate: Candidate, now: Instant): void {
    if (!this.#checklist.signal(candidate, this.#selector.pair, now)) this.#counters.refused += 1;
    this.#select(now);
  }

  /** The peer was heard, by whatever way: it has opened its NATs by now. */
  peerHasBegun(now: Instant): void {
    if (this.#peerHasBegun) return;
    this.#peerHasBegun = true;
    this.#hastenUnheard(now);
  }

  /** What is known of the NATs of both sides, as often as something is learnt. */
  survey(terrain: Terrain, now: Instant): void {
    if (this.#options.policy === 'relay') return;
    this.#ladder.survey(terrain);
    this.#hastenUnheard(now);
  }

  /** Gives back all sockets that were opened for punching. */
  close(): void {
    this.#ladder.release(new Set());
  }

  /** Sockets that `open-bases` asked for are there. */
  handleBases(bases: readonly number[]): void {
    this.#ladder.handleBases(bases);
  }

  handleBatch(batch: Uint8Array, remote: Endpoint, now: Instant): void {
    for (let offset = 0; offset < batch.length; ) {
      const length = packetLength(batch, offset);
      if (length === 0) {
        this.#counters.malformed += 1;
        return;
      }
      this.#handlePacket(batch.subarray(offset, offset + length), remote, now);
      offset += length;
    }
  }

  /**
   * The transport got an authentic packet, not seen before, from `remote`. That is consent for the
   * path (RFC 7675 §5.1); from an unknown remote it is a reason to check it, and no more.
   */
  handleAuthenticated(remote: Endpoint, now: Instant): void {
    const pair = this.#pairOf(remote, now);
    if (pair === undefined) return;
    pair.heard(now);
    if (pair.state !== 'succeeded') pair.trigger(now);
    else if (pair !== this.#selector.pair) this.#selector.challenge(now);
  }

  /**
   * The session misses the peer: every working path has to answer soon. All of them at once, so
   * that a network that is away as a whole is not taken for a reason to change paths.
   */
  doubt(now: Instant): void {
    this.#checklist.doubt(millis(0), now);
  }

  /** Our network may be another one, or we have slept: all paths have to prove themselves at once. */
  restart(now: Instant): void {
    this.#checklist.restart(now);
  }

  handleTimeout(now: Instant): void {
    this.#expire(now);
    for (const pair of this.#pacer.round(this.#dueProbes(), now)) this.#probe(pair, now);
    this.#climb(now);
  }

  pollTransmit(_now: Instant): Transmit | undefined {
    return this.#sender.pollTransmit();
  }

  pollEvent(): PathEvent | undefined {
    return this.#events.shift() ?? this.#ladder.pollEvent();
  }

  pollTimeout(): Instant | undefined {
    const due = this.#dueProbes().map((probe) => this.#pacer.allowedAt(probe));
    return earliest(this.#ladder.pollTimeout(), ...due);
  }

  #handlePacket(packet: Uint8Array, remote: Endpoint, now: Instant): void {
    const probe = decodeProbe(packet, this.#options.keys.receive, this.#options.crypto);
    if (typeof probe === 'string') this.#counters[probe] += 1;
    else if (!this.#checklist.admits(remote)) this.#counters.refused += 1;
    else if (probe.kind === 'request') this.#handleRequest(probe, remote, now);
    else this.#handleResponse(probe, remote, now);
  }

  #handleRequest(request: ProbeRequest, remote: Endpoint, now: Instant): void {
    const { nonce, nominate } = request;
    if (!this.#sender.answer(nonce, remote)) this.#counters.overflowed += 1;
    if (!this.#requests.accept(nonce.counter)) {
      this.#counters.replayed += 1;
      return;
    }
    this.peerHasBegun(now);
    const pair = this.#pairOf(remote, now);
    if (pair === undefined) return;
    // A request says that the peer reaches us, not that we reach the peer: no consent.
    if (pair.state !== 'succeeded') pair.trigger(now);
    if (nominate) this.#selector.nominate(pair, nonce.counter);
    this.#select(now);
  }

  #handleResponse(response: ProbeResponse, remote: Endpoint, now: Instant): void {
    // RFC 8445 §7.2.5.2.1: an answer counts only from where its request went.
    const pair = this.#checklist.find(remote);
    const answer = pair?.answered(response.nonce, now);
    if (pair === undefined || answer === undefined) {
      if (this.#ladder.owns(response.nonce, remote)) this.#found(remote, now);
      else this.#counters.unsolicited += 1;
      return;
    }
    this.#answers += 1;
    if (answer.nominate) this.#selector.nominationAnswered(pair);
    // By a relay the peer sees the relay's address, not one of ours.
    if (pair.kind !== 'relay' && this.#observed.add(response.observed)) {
      this.#events.push({ kind: 'observed', endpoint: response.observed });
    }
    this.#select(now);
  }

  /** The search has met the peer: a check on the spot makes a pair of it. */
  #found(remote: Endpoint, now: Instant): void {
    this.#answers += 1;
    const pair = this.#pairOf(remote, now);
    if (pair !== undefined && pair.state !== 'succeeded') pair.hasten(now);
  }

  /** Probes may go further than the last ones did. */
  #hastenUnheard(now: Instant): void {
    for (const pair of this.#checklist.pairs) {
      const isOpening = pair.kind === 'srflx' && !pair.wasHeard;
      if (isOpening && pair.lastProbeAt !== undefined) pair.hasten(now);
    }
  }

  #climb(now: Instant): void {
    this.#ladder.handleTimeout(this.#selector.isDirect, now);
    if (!this.#ladder.hasSpareBases) return;
    const pairs = [...this.#checklist.pairs].filter(({ state }) => state !== 'failed');
    const bases = pairs.flatMap(({ candidate }) => candidate.endpoint.base ?? []);
    this.#ladder.release(new Set(bases));
  }

  #pairOf(remote: Endpoint, now: Instant): CandidatePair | undefined {
    const inUse = this.#selector.pair;
    // The common case of a running transfer, told apart without building a key.
    if (inUse !== undefined && sameEndpoint(inUse.candidate.endpoint, remote)) return inUse;
    const admitted = this.#checklist.admits(remote);
    const pair = admitted ? this.#checklist.learn(remote, inUse, now) : undefined;
    if (pair === undefined) this.#counters.refused += 1;
    return pair;
  }

  #select(now: Instant): void {
    const wasLost = this.#selector.isLost;
    const event = this.#selector.update(this.#checklist.pairs, now);
    if (event === undefined) return;
    this.#events.push(event);
    // What works again first is rarely the best.
    if (wasLost && event.kind === 'selected') this.#checklist.retry(now);
  }

  // A pair is judged when its next probe is due, so that the last one had its time to be answered.
  #expire(now: Instant): void {
    for (const { pair, at } of this.#dueProbes()) {
      if (at > now || !isExpired(pair, now)) continue;
      pair.expired(now);
      this.#selector.expired(pair);
      // Before one of the others takes over, it has to be known whether it works now.
      if (pair === this.#selector.pair) this.#checklist.doubt(timers.selectedKeepAlive, now);
    }
    this.#select(now);
  }

  #dueProbes(): DueProbe[] {
    const due: DueProbe[] = [];
    for (const pair of this.#checklist.pairs) {
      const at = probeDueAt(pair, this.#selector.standingOf(pair));
      if (at !== undefined) due.push({ pair, at });
    }
    return due;
  }

  #probe(pair: CandidatePair, now: Instant): void {
    const { endpoint } = pair.candidate;
    const nominate = this.#selector.isNominated(pair);
    const { role } = this.#options;
    const openness = { role, peerHasBegun: this.#peerHasBegun, ...this.#ladder.nats };
    for (const ttl of openingOf(pair, openness, now)) {
      const hops = ttl === undefined ? {} : { ttl };
      pair.probeSent(this.#sender.request(endpoint, { nominate, ...hops }), nominate, now);
    }
  }
}

type ProbeRequest = Extract<Probe, { kind: 'request' }>;
type ProbeResponse = Extract<Probe, { kind: 'response' }>;
