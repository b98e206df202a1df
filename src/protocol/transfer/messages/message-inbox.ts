import { TRANSFER_LIMITS } from '../limits.ts';
import type { MessageFrame } from './frame.ts';

/** Puts messages back in order and joins their parts. */
export class MessageInbox {
  readonly #early = new Map<number, MessageFrame>();
  #next = 0;
  #announced = 0;
  #parts: Uint8Array[] = [];
  #partBytes = 0;
  readonly #whole: Uint8Array[] = [];

  /**
   * Takes a frame in whatever order it comes; its body stays a view where it can be delivered at
   * once and is copied where it has to wait. False for what no honest peer sends: a number seen
   * before (records arrive exactly once), one too far ahead, a message too long.
   */
  handleFrame(frame: MessageFrame): boolean {
    const { sequence } = frame;
    if (sequence < this.#next || this.#early.has(sequence)) return false;
    if (sequence >= this.#next + TRANSFER_LIMITS.messagesAhead) return false;
    if (frame.body.length > TRANSFER_LIMITS.messageBytes) return false;
    if (sequence === this.#next) return this.#deliver(frame);
    this.#early.set(sequence, { ...frame, body: frame.body.slice() });
    return true;
  }

  /** The body of the next message in order. */
  poll(): Uint8Array | undefined {
    return this.#whole.shift();
  }

  /** How many messages to call delivered, when it is time to tell; asking counts as telling. */
  takeDelivered(): number | undefined {
    if (this.#next - this.#announced < TRANSFER_LIMITS.messagesPerDelivered) return undefined;
    this.#announced = this.#next;
    return this.#next;
  }

  #deliver(first: MessageFrame): boolean {
    for (let frame: MessageFrame | undefined = first; frame !== undefined; ) {
      if (!this.#join(frame)) return false;
      this.#early.delete(this.#next);
      this.#next += 1;
      frame = this.#early.get(this.#next);
    }
    return true;
  }

  #join(frame: MessageFrame): boolean {
    this.#partBytes += frame.body.length;
    if (this.#partBytes > TRANSFER_LIMITS.messageBytes) return false;
    // A part that does not end its message waits for a later record, whose memory is another's.
    this.#parts.push(frame.last ? frame.body : frame.body.slice());
    if (frame.last) this.#finish();
    return true;
  }

  #finish(): void {
    this.#whole.push(this.#parts.length === 1 ? (this.#parts[0] as Uint8Array) : this.#joined());
    this.#parts = [];
    this.#partBytes = 0;
  }

  #joined(): Uint8Array {
    const body = new Uint8Array(this.#partBytes);
    let offset = 0;
    for (const part of this.#parts) {
      body.set(part, offset);
      offset += part.length;
    }
    return body;
  }
}
