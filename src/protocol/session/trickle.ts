import type { Transmit } from '../machine.ts';
import type { PathPolicy } from '../path/checklist.ts';
import type { Crypto, Random } from '../ports.ts';
import type { SessionKeys } from '../session-keys.ts';
import { earliest, type Instant } from '../time.ts';
import { type Endpoint, isStream, sameEndpoint } from '../wire/endpoint.ts';
import type { MeetingPoint } from './meeting-point.ts';
import { admitNamed, admitSeen, mappedCandidates, peerCandidates } from './peer-candidates.ts';
import type { PeerLink } from './peer-link.ts';
import type { SessionEvent } from './session-event.ts';
import type { Situation } from './signal.ts';
import { Signalling } from './signalling.ts';
import { StreamPunch } from './stream-punch.ts';

interface TrickleOptions {
  readonly crypto: Pick<Crypto, 'aead'>;
  readonly random: Random;
  readonly policy: PathPolicy;
  readonly keys: SessionKeys;
  /** The plaintext of the peer's sealed box: where it was when it was met. */
  readonly box: Uint8Array;
  readonly link: PeerLink;
  readonly meeting: MeetingPoint;
  readonly situation: Situation;
  /** Posts a body to the peer by way of the server, once. */
  readonly post: (body: Uint8Array, now: Instant) => void;
}

export type TrickleEvent = Extract<
  SessionEvent,
  { kind: 'anchor' | 'connect' | 'close-bases' | 'situations' }
>;

/** Keeps both sides informed of each other after they have met, and the link of what the peer says. */
export class Trickle {
  readonly #options: TrickleOptions;
  #meeting: MeetingPoint;
  readonly #signalling: Signalling;
  readonly #streams: StreamPunch;
  readonly #events: TrickleEvent[] = [];
  #own: Situation;
  #peer: Situation | undefined;
  /** Where the server sees the peer; the only address that is ever searched for ports. */
  #seen: Endpoint | undefined;

  constructor(options: TrickleOptions, now: Instant) {
    this.#options = options;
    this.#meeting = options.meeting;
    this.#own = options.situation;
    this.#seen = options.meeting.peerPublic;
    this.#signalling = new Signalling(options, options.situation, now);
    this.#streams = new StreamPunch(options.random);
    this.#survey(now);
    this.#admit(now);
    this.#considerStreams(now);
    this.handleTimeout(now);
  }

  /** Something has changed on our side. */
  update(change: Partial<Situation>, now: Instant): void {
    this.#own = { ...this.#own, ...change };
    this.#tellSituations();
    this.#signalling.update(this.#own, now);
    this.#survey(now);
    this.handleTimeout(now);
  }

  /** From other networks of ours, other addresses of the peer are worth a check. */
  handleInterfaces(interfaces: MeetingPoint['interfaces'], now: Instant): void {
    this.#meeting = { ...this.#meeting, interfaces };
    this.#admit(now);
  }

  /** `seen`: where the server says that the body came from. */
  handleBody(body: Uint8Array, seen: Endpoint | undefined, now: Instant): void {
    const situation = this.#signalling.handleBody(body, now);
    const { link } = this.#options;
    if (seen !== undefined && (this.#seen === undefined || !sameEndpoint(seen, this.#seen))) {
      this.#seen = seen;
      for (const candidate of admitSeen(seen, this.#meeting)) link.addCandidate(candidate, now);
    }
    if (situation !== undefined) {
      this.#peer = situation;
      link.peerHasBegun(now);
      this.#tellSituations();
    }
    this.#admit(now);
    this.#survey(now);
    this.#considerStreams(now);
    this.handleTimeout(now);
  }

  /** Whether the peer has made this, now or earlier. */
  isAuthentic(body: Uint8Array): boolean {
    return this.#signalling.isAuthentic(body);
  }

  /** What became of an `anchor` or a `connect`: it is open, or could not be opened, or is closed. */
  handleStream(base: number, isOpen: boolean, now: Instant): void {
    this.#streams.handleStream(base, isOpen, now);
    this.handleTimeout(now);
  }

  /** Takes a run of rendezvous packets; whether there is nothing in it for anybody else. */
  handleRun(run: Uint8Array, remote: Endpoint, now: Instant): boolean {
    const isOurs = this.#streams.handleRun(run, remote, now);
    this.handleTimeout(now);
    return isOurs;
  }

  handleTimeout(now: Instant): void {
    this.#streams.handleTimeout(now);
    this.#drainStreams(now);
    const body = this.#signalling.pollBody(now);
    if (body !== undefined) this.#options.post(body, now);
  }

  pollTransmit(): Transmit | undefined {
    return this.#streams.pollTransmit();
  }

  pollEvent(): TrickleEvent | undefined {
    return this.#events.shift();
  }

  pollTimeout(): Instant | undefined {
    return earliest(this.#signalling.pollTimeout(), this.#streams.pollTimeout());
  }

  /** Where UDP does not reach one of us, TCP may reach from one to the other. */
  #considerStreams(now: Instant): void {
    const { server } = this.#meeting;
    const offer = this.#peer?.stream;
    if (server === undefined || this.#options.policy === 'relay') return;
    if (!this.#isUdpBlocked && offer === undefined) return;
    this.#streams.want(server, now);
    if (offer === undefined || this.#seen === undefined) return;
    // Only where the server sees the peer: a port is all that it may choose.
    const endpoint = { address: this.#seen.address, port: offer.port };
    if (admitSeen(endpoint, this.#meeting).length === 0) return;
    this.#streams.handleOffer(offer, endpoint, now);
  }

  get #isUdpBlocked(): boolean {
    const { ownPublic } = this.#meeting;
    return [ownPublic, this.#seen].some((one) => one !== undefined && isStream(one));
  }

  #tellSituations(): void {
    if (this.#peer === undefined) return;
    const isUdpBlocked = this.#isUdpBlocked;
    this.#events.push({ kind: 'situations', own: this.#own, peer: this.#peer, isUdpBlocked });
  }

  #drainStreams(now: Instant): void {
    const { link } = this.#options;
    for (let event = this.#streams.pollEvent(); event; event = this.#streams.pollEvent()) {
      if (event.kind === 'offer') this.update({ stream: event.offer }, now);
      else if (event.kind === 'opened') {
        link.addCandidate({ kind: 'srflx', endpoint: event.endpoint }, now);
      } else this.#events.push(event);
    }
  }

  #admit(now: Instant): void {
    const { box, link } = this.#options;
    const { candidates = [], mappedPort } = this.#peer ?? {};
    const seen = this.#seen;
    const isMapped = mappedPort !== undefined && seen !== undefined;
    const admitted = [
      ...peerCandidates(box, this.#meeting),
      ...admitNamed(candidates, this.#meeting),
      ...(isMapped ? mappedCandidates(mappedPort, seen, this.#meeting) : []),
    ];
    for (const candidate of admitted) link.addCandidate(candidate, now);
  }

  #survey(now: Instant): void {
    const { link } = this.#options;
    if (this.#seen === undefined) return;
    // A search goes where plain probes may go, and nowhere else.
    if (admitSeen(this.#seen, this.#meeting).length === 0) return;
    const peer = this.#peer && { peer: this.#peer };
    link.survey({ own: this.#own, ...peer, remote: this.#seen }, now);
  }
}
