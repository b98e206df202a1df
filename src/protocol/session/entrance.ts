import type { ErrorCode } from '../errors.ts';
import type { Code } from '../handshake/code.ts';
import { SenderHandshake, type SenderHandshakeEvent } from '../handshake/sender-handshake.ts';
import type { Machine, Transmit } from '../machine.ts';
import type { Outcome } from '../rendezvous/requests.ts';
import { earliest, type Instant } from '../time.ts';
import type { Endpoint } from '../wire/endpoint.ts';
import { Hosting, type HostingEvent, type Place } from './hosting.ts';
import type { SessionOptions } from './session-options.ts';
import { isSignal } from './signalling.ts';

export interface EntranceOptions
  extends Pick<SessionOptions, 'crypto' | 'random' | 'suites' | 'servers'> {
  /** The words of the code. */
  readonly words: readonly string[];
  /** Whether to answer on our own socket as well, for receivers on this machine and LAN. */
  readonly lan: boolean;
  /** Where it was, or is to be, found; a server chooses when absent. */
  readonly place?: Place;
  /** Whether a receiver is met again, which may die and come as often as it likes; false when absent. */
  readonly isReunion?: boolean;
  /** Attempts at the same code that failed in an earlier process. */
  readonly failedAttempts?: number;
  /** The plaintext of our sealed box, asked for when somebody has proved the code. */
  readonly box: () => Uint8Array;
  /** How many are expected; one when absent. */
  readonly receivers?: number;
  /** How many are let in before `makeRoom`; all of them when absent. */
  readonly places?: number;
}

export type EntranceEvent =
  /** A claim comes, for the first time or again. */
  | { readonly kind: 'claim'; readonly message: HostingMessage }
  /** What a side tells the other after the handshake. */
  | { readonly kind: 'signal'; readonly message: HostingMessage }
  | { readonly kind: 'code'; readonly code: Code }
  | Extract<HostingEvent, { kind: 'server' | 'dial' | 'rate-limited' }>
  | Extract<SenderHandshakeEvent, { kind: 'established' }>
  | { readonly kind: 'wrong-code'; readonly used: number; readonly allowed: number }
  /** Nobody comes in here any more; whoever has may stay. */
  | { readonly kind: 'closed'; readonly code: ErrorCode; readonly detail: string };

export type HostingMessage = Extract<HostingEvent, { kind: 'message' }>;

/** Where a sender is found, and the code is to be proved: the way into its session. */
export class Entrance implements Machine<EntranceEvent> {
  readonly #options: EntranceOptions;
  readonly #handshake: SenderHandshake;
  readonly #hosting: Hosting;
  readonly #events: EntranceEvent[] = [];

  constructor(options: EntranceOptions, now: Instant) {
    this.#options = options;
    const { crypto, random, servers, lan, place, receivers = 1 } = options;
    const { failedAttempts: failedBefore = 0 } = options;
    this.#handshake = new SenderHandshake({ ...options, failedBefore, receivers });
    const { hello } = this.#handshake;
    const isOpen = receivers > 1 || options.isReunion === true;
    this.#hosting = new Hosting({ servers, lan, hello, crypto, random, place, isOpen }, now);
    this.#drain(now);
  }

  /** Whom we wait for is there: to everybody else the code is used up. */
  settle(): void {
    this.#handshake.settle();
  }

  /** One more may come in. */
  makeRoom(now: Instant): void {
    this.#handshake.makeRoom(now);
  }

  /** Takes rendezvous packets alone. */
  handleBatch(batch: Uint8Array, remote: Endpoint, now: Instant): void {
    this.#hosting.handleRun(batch, remote, now);
    this.#drain(now);
  }

  handleTimeout(now: Instant): void {
    this.#hosting.handleTimeout(now);
    this.#handshake.handleTimeout(now);
    this.#drain(now);
  }

  /** Shows ourselves to all servers at once: our address may be another one. */
  refresh(now: Instant): void {
    this.#hosting.refresh(now);
    this.#drain(now);
  }

  addWay(server: Endpoint, way: Endpoint, now: Instant): void {
    this.#hosting.addWay(server, way, now);
    this.#drain(now);
  }

  endWay(server: Endpoint, way: Endpoint, now: Instant): void {
    this.#hosting.endWay(server, way, now);
    this.#drain(now);
  }

  close(outcome: Outcome, now: Instant): void {
    this.#hosting.close(outcome, now);
  }

  pollTransmit(now: Instant): Transmit | undefined {
    return this.#hosting.pollTransmit(now);
  }

  pollEvent(): EntranceEvent | undefined {
    return this.#events.shift();
  }

  pollTimeout(): Instant | undefined {
    return earliest(this.#hosting.pollTimeout(), this.#handshake.pollTimeout());
  }

  #drain(now: Instant): void {
    for (let event = this.#hosting.pollEvent(); event; event = this.#hosting.pollEvent()) {
      this.#onHostingEvent(event, now);
    }
    for (let event = this.#handshake.pollEvent(); event; event = this.#handshake.pollEvent()) {
      this.#onHandshakeEvent(event);
    }
  }

  #onHostingEvent(event: HostingEvent, now: Instant): void {
    switch (event.kind) {
      case 'nameplate':
        this.#onNameplate(event.nameplate);
        break;
      case 'message':
        this.#onMessage(event, now);
        break;
      case 'server':
      case 'dial':
      case 'rate-limited':
        this.#events.push(event);
        break;
      case 'failed':
        this.#events.push({ kind: 'closed', code: event.code, detail: 'rendezvous failed' });
        break;
    }
  }

  #onNameplate(nameplate: number): void {
    const code: Code = { nameplate, words: this.#options.words };
    this.#handshake.arm(code);
    this.#events.push({ kind: 'code', code });
  }

  #onMessage(message: HostingMessage, now: Instant): void {
    const { host, claimId, body } = message;
    if (isSignal(body)) {
      this.#events.push({ kind: 'signal', message });
      return;
    }
    this.#events.push({ kind: 'claim', message });
    const answer = this.#handshake.handleMessage(claimId, body, now);
    if (answer !== undefined) host.machine.reply(claimId, answer, now);
  }

  #onHandshakeEvent(event: SenderHandshakeEvent): void {
    if (event.kind === 'established') this.#events.push(event);
    else if (event.kind === 'attempt-failed') {
      this.#events.push({ kind: 'wrong-code', used: event.used, allowed: event.allowed });
    } else
      this.#events.push({ kind: 'closed', code: 'P2P_CODE_BURNT', detail: 'too many wrong codes' });
  }
}
