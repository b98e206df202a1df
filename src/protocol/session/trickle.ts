import type { Crypto } from '../ports.ts';
import type { SessionKeys } from '../session-keys.ts';
import type { Instant } from '../time.ts';
import { type Endpoint, sameEndpoint } from '../wire/endpoint.ts';
import type { MeetingPoint } from './meeting-point.ts';
import { admitNamed, admitSeen, peerCandidates } from './peer-candidates.ts';
import type { PeerLink } from './peer-link.ts';
import type { Situation } from './signal.ts';
import { Signalling } from './signalling.ts';

interface TrickleOptions {
  readonly crypto: Pick<Crypto, 'aead'>;
  readonly keys: SessionKeys;
  /** The plaintext of the peer's sealed box: where it was when it was met. */
  readonly box: Uint8Array;
  readonly link: PeerLink;
  readonly meeting: MeetingPoint;
  readonly situation: Situation;
  /** Posts a body to the peer by way of the server, once. */
  readonly post: (body: Uint8Array, now: Instant) => void;
}

/** Keeps both sides informed of each other after they have met, and the link of what the peer says. */
export class Trickle {
  readonly #options: TrickleOptions;
  #meeting: MeetingPoint;
  readonly #signalling: Signalling;
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
    this.#survey(now);
    this.#admit(now);
    this.handleTimeout(now);
  }

  /** Something has changed on our side. */
  update(change: Partial<Situation>, now: Instant): void {
    this.#own = { ...this.#own, ...change };
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
      this.#admit(now);
    }
    this.#survey(now);
    this.handleTimeout(now);
  }

  handleTimeout(now: Instant): void {
    const body = this.#signalling.pollBody(now);
    if (body !== undefined) this.#options.post(body, now);
  }

  pollTimeout(): Instant | undefined {
    return this.#signalling.pollTimeout();
  }

  #admit(now: Instant): void {
    const { box, link } = this.#options;
    const named = admitNamed(this.#peer?.candidates ?? [], this.#meeting);
    for (const candidate of [...peerCandidates(box, this.#meeting), ...named]) {
      link.addCandidate(candidate, now);
    }
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
