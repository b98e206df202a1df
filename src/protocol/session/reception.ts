import type { ErrorCode } from '../errors.ts';
import type { Machine, Transmit } from '../machine.ts';
import type { Instant } from '../time.ts';
import type { Endpoint } from '../wire/endpoint.ts';
import { forEachRun } from '../wire/packet-runs.ts';
import { ELSEWHERE_BOX } from './elsewhere.ts';
import { Entrance, type EntranceEvent, type EntranceOptions } from './entrance.ts';
import { outcomeOf } from './session-close.ts';
import type { SessionEvent } from './session-event.ts';

export type ReceptionOptions = Omit<EntranceOptions, 'box'> & {
  readonly receivers: number;
};

/**
 * Where the receivers of one sender come in, one after the other or side by side: whoever proves the
 * code is told to meet us elsewhere, where each has a session and keys of its own.
 */
export class Reception implements Machine<SessionEvent> {
  readonly #entrance: Entrance;
  readonly #events: SessionEvent[] = [];
  #isOver = false;

  constructor(options: ReceptionOptions, now: Instant) {
    this.#entrance = new Entrance({ ...options, box: () => ELSEWHERE_BOX }, now);
    this.#drain(now);
  }

  /** A place is free again. */
  makeRoom(now: Instant): void {
    this.#entrance.makeRoom(now);
  }

  /** Everybody has come who was expected. */
  finish(now: Instant): void {
    this.#end({ kind: 'finished' }, 'happy', now);
  }

  abort(code: ErrorCode, detail: string, now: Instant): void {
    this.#end({ kind: 'failed', code, by: 'self', detail }, outcomeOf(code), now);
  }

  handleBatch(batch: Uint8Array, remote: Endpoint, now: Instant): void {
    forEachRun(batch, (kind, run) => {
      if (kind === 'rendezvous') this.#entrance.handleBatch(run, remote, now);
    });
    this.#drain(now);
  }

  handleTimeout(now: Instant): void {
    this.#entrance.handleTimeout(now);
    this.#drain(now);
  }

  /** We could not act for a while. */
  handleWake(now: Instant): void {
    this.#entrance.refresh(now);
    this.#drain(now);
  }

  /** Addresses of this machine have come or gone. */
  handleNetworks(_networks: unknown, now: Instant): void {
    this.handleWake(now);
  }

  addWay(server: Endpoint, way: Endpoint, now: Instant): void {
    this.#entrance.addWay(server, way, now);
    this.#drain(now);
  }

  endWay(server: Endpoint, way: Endpoint, now: Instant): void {
    this.#entrance.endWay(server, way, now);
    this.#drain(now);
  }

  /** It asks for no further sockets, connections or ports: nobody stays here. */
  handleBases(): void {}
  handleStream(): void {}
  handleMappedPort(): void {}

  pollTransmit(now: Instant): Transmit | undefined {
    return this.#entrance.pollTransmit(now);
  }

  pollEvent(): SessionEvent | undefined {
    return this.#events.shift();
  }

  pollTimeout(): Instant | undefined {
    return this.#entrance.pollTimeout();
  }

  #drain(now: Instant): void {
    for (let event = this.#entrance.pollEvent(); event; event = this.#entrance.pollEvent()) {
      this.#onEvent(event, now);
    }
  }

  #onEvent(event: EntranceEvent, now: Instant): void {
    switch (event.kind) {
      case 'code':
      case 'dial':
      case 'rate-limited':
      case 'wrong-code':
        this.#events.push(event);
        break;
      case 'established':
        this.#events.push({ kind: 'received', resumeSecret: event.keys.resumeSecret });
        break;
      case 'closed':
        this.abort(event.code, event.detail, now);
        break;
      case 'claim':
      case 'signal':
      case 'server':
        break;
    }
  }

  #end(
    event: Extract<SessionEvent, { kind: 'finished' | 'failed' }>,
    outcome: Parameters<Entrance['close']>[0],
    now: Instant,
  ): void {
    if (this.#isOver) return;
    this.#isOver = true;
    this.#entrance.close(outcome, now);
    this.#events.push(event, { kind: 'gone' });
  }
}
