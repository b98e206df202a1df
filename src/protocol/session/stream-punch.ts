import type { Transmit } from '../machine.ts';
import { Inquiries, type Inquiry } from '../nat/inquiry.ts';
import type { Random } from '../ports.ts';
import { after, earliest, type Instant, type Millis, millis } from '../time.ts';
import { type Endpoint, FOREIGN_STREAM, isStream } from '../wire/endpoint.ts';
import { forEachPacket } from '../wire/packet-runs.ts';

/** The port at which one side can be connected to, as long as it connects there at the same time. */
export interface StreamOffer {
  /** From 1 on; both sides connect in the same round. */
  readonly round: number;
  readonly port: number;
}

export type StreamPunchEvent =
  /** Asks for a connection to the server, by a port that further connections can leave from. */
  | { readonly kind: 'anchor'; readonly base: number; readonly server: Endpoint }
  /** Asks to connect to the peer from the anchor's port, again and again for `STREAM_PATIENCE`. */
  | {
      readonly kind: 'connect';
      readonly base: number;
      readonly anchor: number;
      readonly to: Endpoint;
    }
  /** These are not needed any more. */
  | { readonly kind: 'close-bases'; readonly bases: readonly number[] }
  /** Where the peer can connect to. */
  | { readonly kind: 'offer'; readonly offer: StreamOffer }
  /** The peer is connected to; whether it is the peer, checks tell. */
  | { readonly kind: 'opened'; readonly endpoint: Endpoint };

/** How long each side goes on connecting: the other may begin as much later as a signal takes. */
export const STREAM_PATIENCE: Millis = millis(5000);
/** The peer has to open an anchor too, and to tell of it, before its offer comes. */
const OFFER_PATIENCE: Millis = millis(15_000);
/** Before the second round and the next ones; as many rounds as there are pauses, and one. */
const PAUSES: readonly Millis[] = [millis(15_000), millis(60_000), millis(240_000)];
/** Ours from here on; below are connections to servers. Two for each round. */
const FIRST_BASE = FOREIGN_STREAM + 1_000_000;

interface Round {
  readonly number: number;
  readonly endsAt: Instant;
  readonly anchor: number;
  inquiry: Inquiry | undefined;
  offer: StreamOffer | undefined;
  isConnecting: boolean;
}

/**
 * Finds a direct path by TCP where UDP does not get through: both sides connect to each other at
 * the same time, from the port by which each of them talks to the server (RFC 5382 §4.2, RFC 9293
 * §3.5). That works where the NATs map TCP independently of the endpoint.
 *
 * Both go through the same rounds: whoever begins the next one takes the other along by its offer.
 */
export class StreamPunch {
  readonly #inquiries: Inquiries;
  readonly #events: StreamPunchEvent[] = [];
  #server: Endpoint | undefined;
  #round: Round | undefined;
  #roundsBegun = 0;
  #nextRoundAt: Instant | undefined;
  #peer: { readonly round: number; readonly endpoint: Endpoint } | undefined;
  /** The connection to the peer. */
  #open: number | undefined;

  constructor(random: Random) {
    this.#inquiries = new Inquiries(random);
  }

  /** UDP does not reach one of the sides; `server` shows both where they connect from. */
  want(server: Endpoint, now: Instant): void {
    if (this.#server !== undefined) return;
    this.#server = server;
    this.#begin(1, now);
  }

  /** The peer's offer, and its whole endpoint: it is where the server sees the peer, and nowhere else. */
  handleOffer({ round }: StreamOffer, endpoint: Endpoint, now: Instant): void {
    if (round <= (this.#peer?.round ?? 0)) return;
    this.#peer = { round, endpoint };
    if (round > this.#roundsBegun) {
      // Who begins another round has no connection any more.
      this.#close();
      this.#begin(round, now);
    }
    this.#connect();
  }

  /** What became of an `anchor` or a `connect`: it is open, or it could not be opened, or is closed. */
  handleStream(base: number, isOpen: boolean, now: Instant): void {
    const round = this.#round;
    if (round?.anchor === base) {
      if (isOpen) this.#observe(round, now);
      else this.#end(now);
    } else if (round !== undefined && base === round.anchor + 1) {
      if (isOpen) this.#succeed(base);
      this.#end(now);
    } else if (base === this.#open && !isOpen) {
      this.#open = undefined;
      this.#rest(now);
    }
  }

  /** Takes a run of rendezvous packets; whether all were answers to what was asked here. */
  handleRun(run: Uint8Array, remote: Endpoint, now: Instant): boolean {
    if (remote.base === undefined || remote.base !== this.#round?.anchor) return false;
    forEachPacket(run, (packet) => this.#inquiries.handlePacket(packet, remote, now));
    this.#advance(now);
    return true;
  }

  handleTimeout(now: Instant): void {
    this.#inquiries.handleTimeout(now);
    this.#advance(now);
    const round = this.#round;
    if (round !== undefined && !round.isConnecting && now >= round.endsAt) this.#end(now);
    if (this.#nextRoundAt === undefined || now < this.#nextRoundAt) return;
    this.#begin(this.#roundsBegun + 1, now);
  }

  pollTransmit(): Transmit | undefined {
    return this.#inquiries.pollTransmit();
  }

  pollEvent(): StreamPunchEvent | undefined {
    return this.#events.shift();
  }

  pollTimeout(): Instant | undefined {
    const isWaiting = this.#round !== undefined && !this.#round.isConnecting;
    const end = isWaiting ? this.#round?.endsAt : undefined;
    return earliest(this.#inquiries.pollTimeout(), end, this.#nextRoundAt);
  }

  #begin(number: number, now: Instant): void {
    this.#nextRoundAt = undefined;
    if (this.#server === undefined || this.#open !== undefined) return;
    if (number > PAUSES.length + 1) return;
    this.#dropRound();
    this.#roundsBegun = number;
    const anchor = FIRST_BASE + 2 * number;
    const endsAt = after(now, OFFER_PATIENCE);
    this.#round = {
      number,
      endsAt,
      anchor,
      inquiry: undefined,
      offer: undefined,
      isConnecting: false,
    };
    this.#events.push({ kind: 'anchor', base: anchor, server: this.#server });
  }

  #observe(round: Round, now: Instant): void {
    const remote = { ...(this.#server as Endpoint), base: round.anchor };
    round.inquiry = this.#inquiries.ask({ remote, wants: 'endpoint' }, now, now);
  }

  #advance(now: Instant): void {
    const round = this.#round;
    if (round?.inquiry === undefined || !round.inquiry.isSettled) return;
    const { observed } = round.inquiry;
    round.inquiry = undefined;
    if (observed === undefined || !isStream(observed)) this.#end(now);
    else {
      round.offer = { round: round.number, port: observed.port };
      this.#events.push({ kind: 'offer', offer: round.offer });
      this.#connect();
    }
  }

  #connect(): void {
    const round = this.#round;
    const peer = this.#peer;
    if (round?.offer === undefined || round.isConnecting || peer?.round !== round.number) return;
    round.isConnecting = true;
    const { anchor } = round;
    this.#events.push({ kind: 'connect', base: anchor + 1, anchor, to: peer.endpoint });
  }

  #close(): void {
    if (this.#open === undefined) return;
    this.#events.push({ kind: 'close-bases', bases: [this.#open] });
    this.#open = undefined;
  }

  #succeed(base: number): void {
    const { address, port } = (this.#peer as { endpoint: Endpoint }).endpoint;
    this.#open = base;
    this.#events.push({ kind: 'opened', endpoint: { address, port, base } });
  }

  /** The round is over; without success, there is another one after a pause. */
  #end(now: Instant): void {
    this.#dropRound();
    if (this.#open === undefined) this.#rest(now);
  }

  #rest(now: Instant): void {
    const pause = PAUSES[this.#roundsBegun - 1];
    this.#nextRoundAt = pause === undefined ? undefined : after(now, pause);
  }

  #dropRound(): void {
    if (this.#round === undefined) return;
    const { anchor } = this.#round;
    this.#round = undefined;
    this.#inquiries.clear();
    const isOpen = this.#open === anchor + 1;
    this.#events.push({ kind: 'close-bases', bases: isOpen ? [anchor] : [anchor, anchor + 1] });
  }
}
