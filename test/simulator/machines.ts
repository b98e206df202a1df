import type { Machine, Transmit } from '../../src/protocol/machine.ts';
import type { Instant } from '../../src/protocol/time.ts';
import type { Endpoint } from '../../src/protocol/wire/endpoint.ts';

/** What a peer received: one input of the machine. */
export interface Received {
  readonly bytes: number[];
  readonly remote: Endpoint;
  readonly now: Instant;
}

/** A machine without a protocol: sends what the test says, tells and counts what comes. */
export class Peer implements Machine<Received> {
  readonly received: Received[] = [];
  readonly #outgoing: Transmit[] = [];
  readonly #events: Received[] = [];

  /** Sends `payload` cut in segments (one, if no size is given) at the next poll. */
  say(remote: Endpoint, payload: Uint8Array, segmentSize: number = payload.length): this {
    this.#outgoing.push({ remote, payload, segmentSize });
    return this;
  }

  handleBatch(batch: Uint8Array, remote: Endpoint, now: Instant): void {
    const received = { bytes: Array.from(batch), remote, now };
    this.received.push(received);
    this.#events.push(received);
  }

  handleTimeout(): void {}

  pollTransmit(): Transmit | undefined {
    return this.#outgoing.shift();
  }

  pollEvent(): Received | undefined {
    return this.#events.shift();
  }

  pollTimeout(): Instant | undefined {
    return undefined;
  }
}

/** Sends every input back to where it came from, until it has done so `limit` times. */
export class Echo implements Machine<never> {
  readonly #reply: Uint8Array;
  readonly #limit: number;
  readonly #pending: Endpoint[] = [];
  answered = 0;

  constructor(limit: number, bytes: number, first?: Endpoint) {
    this.#limit = limit;
    this.#reply = new Uint8Array(bytes);
    if (first !== undefined) this.#pending.push(first);
  }

  handleBatch(_batch: Uint8Array, remote: Endpoint): void {
    if (this.answered + this.#pending.length < this.#limit) this.#pending.push(remote);
  }

  handleTimeout(): void {}

  pollTransmit(): Transmit | undefined {
    const remote = this.#pending.pop();
    if (remote === undefined) return undefined;
    this.answered += 1;
    return { remote, payload: this.#reply, segmentSize: this.#reply.length };
  }

  pollEvent(): undefined {}

  pollTimeout(): undefined {}
}
