import { deliveredFrame, type Frame } from './frame.ts';
import { MessageInbox } from './message-inbox.ts';
import { MessageOutbox } from './message-outbox.ts';
import type { RecordBuilder } from './record-builder.ts';

/** Type and one varint. */
const DELIVERED_BYTES = 9;

/** Ordered messages in both directions over records that arrive in any order. */
export class MessageStream {
  readonly #inbox = new MessageInbox();
  readonly #outbox = new MessageOutbox();
  #delivered: number | undefined;

  /** Sends these bodies; they are asked for one by one as there is room. */
  send(bodies: Iterable<Uint8Array>): void {
    this.#outbox.send(bodies);
  }

  /** Sends this body and nothing that was waiting before it. */
  sendLast(body: Uint8Array): void {
    this.#outbox.clear();
    this.#outbox.send([body]);
  }

  /** Gives up what has not been sent. */
  clear(): void {
    this.#outbox.clear();
  }

  /** Takes a message frame or a notice of delivery; false when the peer broke the rules. */
  handleFrame(frame: Extract<Frame, { kind: 'message' | 'delivered' }>): boolean {
    if (frame.kind === 'delivered') return this.#outbox.handleDelivered(frame.next);
    const taken = this.#inbox.handleFrame(frame);
    this.#delivered = this.#inbox.takeDelivered() ?? this.#delivered;
    return taken;
  }

  /** The next message body in order. */
  poll(): Uint8Array | undefined {
    return this.#inbox.poll();
  }

  /** Adds what may be sent to the record. */
  pack(record: RecordBuilder): void {
    if (this.#delivered !== undefined && record.room >= DELIVERED_BYTES) {
      record.add(deliveredFrame(this.#delivered));
      this.#delivered = undefined;
    }
    this.#outbox.pack(record);
  }
}
