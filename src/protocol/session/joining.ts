import type { ErrorCode } from '../errors.ts';
import type { Code } from '../handshake/code.ts';
import { ReceiverHandshake, type ReceiverHandshakeEvent } from '../handshake/receiver-handshake.ts';
import type { Machine, Transmit } from '../machine.ts';
import type { CipherSuite, Crypto, Random } from '../ports.ts';
import { type GuestEvent, RendezvousGuest } from '../rendezvous/rendezvous-guest.ts';
import type { Outcome } from '../rendezvous/requests.ts';
import { earliest, type Instant } from '../time.ts';
import { type Endpoint, isStream, sameEndpoint } from '../wire/endpoint.ts';
import {
  type Guest,
  isSameSender,
  isSilent,
  isTelling,
  newGuest,
  type Proving,
  patienceEnd,
  turnEnd,
} from './guest.ts';
import type { JoiningEvent } from './joining-event.ts';
import type { KnownServer } from './session-options.ts';
import { isSignal } from './signalling.ts';

const CLAIM_ID_BYTES = 16;
/** Servers tried in one session: those that were named, and what answers on the LAN. */
const MAX_SERVERS = 8;

interface JoiningOptions {
  readonly code: Code;
  readonly crypto: Crypto;
  readonly random: Random;
  readonly suites: readonly CipherSuite[];
  readonly box: () => Uint8Array;
  /** Until when more servers may turn up on the LAN: before that, a failed one is not the end. */
  readonly searchUntil: Instant | undefined;
}

/**
 * The receiver's way to the sender: claims the nameplate wherever it may be registered, and proves
 * the code at one server after another, in the order in which they answered.
 *
 * One at a time, because each proof spends one of the sender's three attempts; but none is waited
 * for long, and none is the last word, because anybody on a LAN can answer in the sender's name.
 */
export class Joining implements Machine<JoiningEvent> {
  readonly #options: JoiningOptions;
  readonly #guests: Guest[] = [];
  readonly #events: JoiningEvent[] = [];
  /** Where the code was proved. */
  #won: Guest | undefined;
  #searchUntil: Instant | undefined;
  #isQueued = false;

  constructor(options: JoiningOptions) {
    this.#options = options;
    this.#searchUntil = options.searchUntil;
  }

  /** Tries a server, unless it is being tried already or there are too many. */
  addServer(known: KnownServer, isNamed: boolean, now: Instant): void {
    const { endpoint: server, ...transports } = known;
    if (this.#won !== undefined || this.#guests.length >= MAX_SERVERS) return;
    if (this.#guestAt(server) !== undefined) return;
    const { random, code } = this.#options;
    const claimId = random.bytes(CLAIM_ID_BYTES);
    const { nameplate } = code;
    const options = { server, ...transports, nameplate, claimId, random };
    const machine = new RendezvousGuest(options, now);
    this.#guests.push(newGuest({ machine, server, claimId, isNamed }));
    this.#drain(now);
  }

  addWay(server: Endpoint, way: Endpoint, now: Instant): void {
    this.#guestAt(server)?.machine.addWay(way, now);
    this.#drain(now);
  }

  endWay(server: Endpoint, way: Endpoint, now: Instant): void {
    this.#guestAt(server)?.machine.endWay(way, now);
    this.#drain(now);
  }

  handleBatch(batch: Uint8Array, remote: Endpoint, now: Instant): void {
    for (const { machine } of this.#guests) {
      const isFromServer = machine.ways.some((way) => sameEndpoint(way, remote));
      if (isFromServer) machine.handleBatch(batch, remote, now);
    }
    this.#drain(now);
  }

  handleTimeout(now: Instant): void {
    for (const { machine } of this.#guests) machine.handleTimeout(now);
    this.#drain(now);
    for (const guest of this.#open()) {
      if (now >= patienceEnd(guest)) {
        guest.machine.close('failed', now);
        this.#onFailed(guest, 'P2P_TIMEOUT', now);
      }
    }
    this.#beginNext(now);
    if (this.#searchUntil === undefined || now < this.#searchUntil) return;
    this.#searchUntil = undefined;
    this.#giveUpIfHopeless();
  }

  pollTransmit(_now: Instant): Transmit | undefined {
    for (const { machine } of this.#guests) {
      const transmit = machine.pollTransmit();
      if (transmit !== undefined) return transmit;
    }
    return undefined;
  }

  pollEvent(): JoiningEvent | undefined {
    return this.#events.shift();
  }

  pollTimeout(): Instant | undefined {
    const guests = this.#guests.map(({ machine }) => machine.pollTimeout());
    const open = this.#open();
    const ends = open.map(patienceEnd);
    const turns = this.#next === undefined ? [] : open.map(turnEnd);
    return earliest(this.#searchUntil, ...guests, ...ends, ...turns);
  }

  close(outcome: Outcome, now: Instant): void {
    for (const { machine } of this.#guests) machine.close(outcome, now);
  }

  #guestAt(server: Endpoint): Guest | undefined {
    return this.#guests.find((guest) => sameEndpoint(guest.server, server));
  }

  #drain(now: Instant): void {
    for (const guest of this.#guests) {
      for (let event = guest.machine.pollEvent(); event; event = guest.machine.pollEvent()) {
        this.#onGuestEvent(guest, event, now);
      }
    }
  }

  #onGuestEvent(guest: Guest, event: GuestEvent, now: Instant): void {
    switch (event.kind) {
      case 'claimed':
        guest.hello = event.hello;
        guest.observed = event.observed;
        if (!isStream(event.observed)) {
          this.#events.push({ kind: 'server', server: guest.server });
        }
        if (this.#won !== undefined) {
          this.#considerPassage(guest, this.#won, now);
          break;
        }
        if (guest.isLimiting) this.#events.push({ kind: 'admitted' });
        guest.isLimiting = false;
        this.#spareAttempts(now);
        if (guest.attempt !== undefined) this.#begin(guest, now);
        else this.#beginNext(now);
        this.#giveUpIfHopeless();
        break;
      case 'message':
        guest.peer = event.peer;
        if (isSignal(event.body)) {
          // A NAT may show another port to another server: only what the first one saw is of use.
          const seen = guest === this.#won ? event.peer : undefined;
          this.#events.push({ kind: 'signal', body: event.body, seen });
        } else this.#onMessage(guest, event.body, now);
        break;
      case 'failed':
        this.#onFailed(guest, event.code, now);
        break;
      case 'rate-limited':
        guest.isLimiting = true;
        this.#events.push({ kind: event.kind, server: guest.server });
        break;
      case 'dial':
        this.#events.push({ kind: event.kind, server: guest.server });
        break;
      // The relay is a candidate like any other: whether it works, checks tell.
      case 'relay-bound':
      case 'relay-refused':
        break;
    }
  }

  /** Those at which the code is being proved. */
  #open(): Proving[] {
    if (this.#won !== undefined) return [];
    return this.#guests.filter(
      (guest): guest is Proving => guest.attempt !== undefined && guest.failure === undefined,
    );
  }

  /** Who is to be tried next: has answered, and was not tried yet. */
  get #next(): Guest | undefined {
    return this.#guests.find(
      ({ attempt, failure, hello }) => !attempt && failure === undefined && hello !== undefined,
    );
  }

  #beginNext(now: Instant): void {
    const isTaken = this.#open().some((guest) => now < turnEnd(guest));
    const next = isTaken ? undefined : this.#next;
    if (next !== undefined) this.#begin(next, now);
  }

  #begin(guest: Guest, now: Instant): void {
    if (this.#won !== undefined || guest.hello === undefined) return;
    const { hello, claimId } = guest;
    const handshake = new ReceiverHandshake({ ...this.#options, hello, claimId });
    guest.attempt = { handshake, begunAt: now, heardAt: now };
    guest.machine.post(handshake.message, now);
    this.#drainHandshake(guest, now);
  }

  #onMessage(guest: Guest, body: Uint8Array, now: Instant): void {
    if (this.#won !== undefined || guest.failure !== undefined) return;
    guest.attempt?.handshake.handleMessage(body, now);
    this.#drainHandshake(guest, now);
  }

  #drainHandshake(guest: Guest, now: Instant): void {
    const handshake = guest.attempt?.handshake;
    if (handshake === undefined) return;
    for (let event = handshake.pollEvent(); event; event = handshake.pollEvent()) {
      this.#onHandshakeEvent(guest, handshake, event, now);
    }
  }

  #onHandshakeEvent(
    guest: Guest,
    handshake: ReceiverHandshake,
    event: ReceiverHandshakeEvent,
    now: Instant,
  ): void {
    switch (event.kind) {
      case 'message':
        guest.machine.post(handshake.message, now);
        break;
      case 'queued':
        this.#onQueued(guest, now);
        break;
      case 'established':
        guest.machine.settle();
        this.#won = guest;
        this.#searchUntil = undefined;
        this.#events.push({ kind: 'established', guest, keys: event.keys, box: event.box });
        for (const other of this.#guests) {
          if (other !== guest && !isSilent(other)) this.#considerPassage(other, guest, now);
        }
        break;
      case 'failed':
        guest.machine.close('failed', now);
        this.#onFailed(guest, event.code, now);
        break;
    }
  }

  /** Anybody can say so: no other server is kept from its turn by it. */
  #onQueued({ attempt }: Guest, now: Instant): void {
    if (attempt !== undefined) attempt.heardAt = now;
    if (!this.#isQueued) this.#events.push({ kind: 'queued' });
    this.#isQueued = true;
  }

  /** Whoever is not the sender that we have met is of no interest any more. */
  #considerPassage(guest: Guest, won: Guest, now: Instant): void {
    if (guest === won) return;
    if (isSameSender(guest, won) && guest.isNamed) this.#events.push({ kind: 'passage', guest });
    else guest.machine.close('cancelled', now);
  }

  #onFailed(guest: Guest, code: ErrorCode, now: Instant): void {
    guest.failure ??= code;
    if (this.#won !== undefined) return;
    this.#spareAttempts(now);
    this.#beginNext(now);
    this.#giveUpIfHopeless();
  }

  /**
   * At another address of a sender that has refused the code, to prove it as well would only spend
   * another of its three attempts on the same slip of the pen.
   */
  #spareAttempts(now: Instant): void {
    for (const refused of this.#guests.filter(({ failure }) => isTelling(failure))) {
      for (const other of this.#guests) {
        if (other.failure !== undefined || !isSameSender(other, refused)) continue;
        other.failure = refused.failure;
        other.machine.close('failed', now);
      }
    }
  }

  /** The most telling failure counts: a wrong code says more than a server that did not answer. */
  #giveUpIfHopeless(): void {
    if (this.#won !== undefined || this.#guests.some(({ failure }) => failure === undefined))
      return;
    const failures = this.#guests.map(({ failure }) => failure as ErrorCode);
    const telling = failures.find(isTelling);
    // What a sender itself has said is final; otherwise it may still be found on the LAN.
    if (telling === undefined && this.#searchUntil !== undefined) return;
    // The search has found nobody at all.
    const code = telling ?? failures[0] ?? 'P2P_CODE_UNKNOWN';
    this.#events.push({ kind: 'failed', code });
  }
}
