import type { Machine, Transmit } from '../../src/protocol/machine.ts';
import type { Instant } from '../../src/protocol/time.ts';
import type { Endpoint } from '../../src/protocol/wire/endpoint.ts';

/** Says what it is told to say, and keeps what it hears. */
export class Parrot implements Machine<string> {
  readonly outbox: Transmit[] = [];
  readonly events: string[] = [];
  readonly heard: string[] = [];
  deadline: Instant | undefined;
  onTimeout: (now: Instant) => void = () => undefined;
  onHeard: (text: string, remote: Endpoint) => void = () => undefined;

  say(text: string, remote: Endpoint): void {
    const payload = Buffer.from(text);
    this.outbox.push({ remote, payload, segmentSize: payload.length });
  }
  handleBatch(batch: Uint8Array, remote: Endpoint): void {
    const text = Buffer.from(batch).toString();
    this.heard.push(text);
    this.onHeard(text, remote);
  }
  handleTimeout(now: Instant): void {
    this.onTimeout(now);
  }
  pollTransmit(): Transmit | undefined {
    return this.outbox.shift();
  }
  pollEvent(): string | undefined {
    return this.events.shift();
  }
  pollTimeout(): Instant | undefined {
    return this.deadline;
  }
}
