import { TRANSFER_LIMITS } from '../limits.ts';
import { messageHeader } from './frame.ts';
import type { RecordBuilder } from './record-builder.ts';

/** A part of a message shorter than this is not worth a frame of its own. */
const MIN_PART_BYTES = 128;
/** Type, sequence and length: 1 + 8 + 4 bytes at most, for bodies below 2^30. */
const MAX_HEADER_BYTES = 13;

/**
 * Numbers our messages and cuts them to the room that records have. Bodies are asked for only when
 * there is room for them, so a million entries never stand in memory as pages.
 */
export class MessageOutbox {
  #sources: Iterator<Uint8Array>[] = [];
  /** What is left of the body being sent. */
  #body: Uint8Array | undefined;
  #begun = false;
  #next = 0;
  #delivered = 0;

  /** Sends these bodies after all that were given before. */
  send(bodies: Iterable<Uint8Array>): void {
    this.#sources.push(bodies[Symbol.iterator]());
  }

  /** Gives up what has not been begun. A body sent in part is finished, for the peer joins parts. */
  clear(): void {
    this.#sources = [];
    if (!this.#begun) this.#body = undefined;
  }

  /** Adds message frames to the record until it is full or nothing may be sent. */
  pack(record: RecordBuilder): void {
    while (this.#next < this.#delivered + TRANSFER_LIMITS.messagesAhead) {
      const body = this.#head();
      if (body === undefined || !this.#packPart(record, body)) return;
    }
  }

  /** The peer has delivered all messages below `next`; false when it cannot have. */
  handleDelivered(next: number): boolean {
    // These notices travel in unordered records like everything else, so an older one means nothing.
    this.#delivered = Math.max(this.#delivered, Math.min(next, this.#next));
    return next <= this.#next;
  }

  #packPart(record: RecordBuilder, body: Uint8Array): boolean {
    const room = record.room - MAX_HEADER_BYTES;
    if (room < body.length && room < MIN_PART_BYTES) return false;
    const part = body.subarray(0, room);
    const last = part.length === body.length;
    record.add(messageHeader(this.#next, last, part.length));
    record.add(part);
    this.#next += 1;
    this.#begun = !last;
    this.#body = last ? undefined : body.subarray(part.length);
    return true;
  }

  #head(): Uint8Array | undefined {
    while (this.#body === undefined && this.#sources.length > 0) {
      const body = this.#sources[0]?.next();
      if (body?.done === false) this.#body = body.value;
      else this.#sources.shift();
    }
    return this.#body;
  }
}
