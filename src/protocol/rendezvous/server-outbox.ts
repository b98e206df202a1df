import type { Transmit } from '../machine.ts';
import type { Endpoint } from '../wire/endpoint.ts';
import type { DropReason, ServerEvent } from './server-event.ts';

/** Events that nobody fetches are worth less than memory. */
const QUEUED_EVENTS = 1024;

/** What a server has to send and to tell, and its counts of both. */
export class ServerOutbox {
  readonly traffic: { packetsIn: number; bytesIn: number; packetsOut: number; bytesOut: number } = {
    packetsIn: 0,
    bytesIn: 0,
    packetsOut: 0,
    bytesOut: 0,
  };
  readonly drops: Record<DropReason, number> = {
    malformed: 0,
    'no-request': 0,
    undecodable: 0,
    'challenge-rate': 0,
    'post-rate': 0,
    'alternate-rate': 0,
    'no-alternate': 0,
    'queue-full': 0,
    'no-relay': 0,
  };
  readonly #limit: number;
  readonly #transmits: Transmit[] = [];
  readonly #events: ServerEvent[] = [];

  constructor(limit: number) {
    this.#limit = limit;
  }

  received(bytes: number): void {
    this.traffic.packetsIn += 1;
    this.traffic.bytesIn += bytes;
  }

  drop(reason: DropReason): void {
    this.drops[reason] += 1;
  }

  /** Nothing is sent twice: whoever misses an answer asks again. */
  send(remote: Endpoint, payload: Uint8Array): void {
    if (this.#transmits.length >= this.#limit) {
      this.drop('queue-full');
      return;
    }
    this.#transmits.push({ remote, payload, segmentSize: payload.length });
    this.traffic.packetsOut += 1;
    this.traffic.bytesOut += payload.length;
  }

  tell(event: ServerEvent): void {
    if (this.#events.length < QUEUED_EVENTS) this.#events.push(event);
  }

  pollTransmit(): Transmit | undefined {
    return this.#transmits.shift();
  }

  pollEvent(): ServerEvent | undefined {
    return this.#events.shift();
  }
}
