import type { ErrorCode } from '../errors.ts';
import type { Hasher } from '../ports.ts';
import { ChunkAssembly } from './chunks/chunk-assembly.ts';
import type { ChunkWrite, GroupWrite } from './chunks/chunk-writes.ts';
import { DigestCheck } from './digest-check.ts';
import type { Offer } from './entries/entry.ts';
import {
  answerPages,
  type Holdings,
  NOTHING_HELD,
  type Wishes,
} from './messages/answer-message.ts';
import type { DonePage } from './messages/done-message.ts';
import type { Frame } from './messages/frame.ts';
import {
  decodeMessage,
  encodeCancel,
  encodeDecline,
  encodeVerified,
  type Message,
} from './messages/message.ts';
import { MessageStream } from './messages/message-stream.ts';
import { OfferCollector } from './messages/offer-collector.ts';
import { readRecord } from './messages/record.ts';
import { RecordBuilder } from './messages/record-builder.ts';
import { RecordQueue } from './messages/record-queue.ts';
import type { ReceiverEvent } from './transfer-event.ts';
import { protocolViolation, type Violation } from './violation.ts';

type State =
  | { readonly kind: 'collecting'; readonly collector: OfferCollector }
  | { readonly kind: 'offered'; readonly offer: Offer; readonly chunkBytes: number }
  | Receiving
  | { readonly kind: 'complete' }
  | { readonly kind: 'ended' };

interface Receiving {
  readonly kind: 'receiving';
  readonly assembly: ChunkAssembly;
  readonly digests: DigestCheck;
}

/**
 * The receiving end of a transfer: takes records, answers the offer, hands out chunks to write and
 * says when everything is there. Nothing that a peer sends makes it throw or hold more than
 * `TRANSFER_LIMITS` and the flow control window allow; it ends with `P2P_PROTOCOL` instead.
 */
export class TransferReceiver {
  readonly #hasher: Hasher;
  readonly #stream = new MessageStream();
  readonly #events: ReceiverEvent[] = [];
  #state: State = { kind: 'collecting', collector: new OfferCollector() };
  /** What has come while more files waited for the disk than are worth being held apart. */
  readonly #unread = new RecordQueue();
  #handedIn = 0;
  #reported = 0;
  #bytesWritten = 0;

  constructor({ hasher }: { readonly hasher: Hasher }) {
    this.#hasher = hasher;
  }

  /** Bytes of the offer that are on the disk. */
  get bytesWritten(): number {
    return this.#bytesWritten;
  }

  /** The same with those that have come, and whose chunk is not whole or not written yet. */
  get bytesArrived(): number {
    return this.#bytesWritten + this.#heldBytes;
  }

  /** Takes the plaintext of one record, whose memory serves others afterwards: what is kept is copied. */
  handleRecord(plaintext: Uint8Array): void {
    this.#handedIn += plaintext.length;
    if (this.#unread.isFull) this.#catchUp('all');
    if (this.#isCrowded || !this.#unread.isEmpty) this.#unread.push(plaintext);
    else this.#read(plaintext);
    this.#checkComplete();
  }

  /** The next record to send, in pieces of at most `maxBytes` together (256 or more). */
  pollRecord(maxBytes: number): Uint8Array[] | undefined {
    const record = new RecordBuilder(maxBytes);
    this.#stream.pack(record);
    return record.finish();
  }

  pollEvent(): ReceiverEvent | undefined {
    return this.#events.shift();
  }

  /** The next chunk or group of files to write. Its bytes stay untouched until `handleWritten`. */
  pollWrite(): ChunkWrite | GroupWrite | undefined {
    return this.#state.kind === 'receiving' ? this.#state.assembly.pollWrite() : undefined;
  }

  /** One or several consecutive chunks from `offset` on are written: `length` bytes in all. */
  handleWritten(entry: number, offset: number, length: number): void {
    if (this.#state.kind !== 'receiving') return;
    this.#state.assembly.handleWritten(entry, offset, length);
    this.#bytesWritten = this.#state.assembly.written;
    this.#catchUp('some');
    this.#checkComplete();
  }

  /**
   * Bytes of records that have been dealt with since the last call: data when it is written,
   * everything else at once. Every byte handed in is reported exactly once; this is what the
   * session gives back to the sender as flow control credit.
   */
  takeConsumed(): number {
    const consumed = this.#handedIn - this.#heldBytes - this.#unread.bytes - this.#reported;
    this.#reported += consumed;
    return consumed;
  }

  /**
   * Says yes to the offer; `holdings`, within its bounds, is what need not be sent, `wishes` how the rest
   * is wanted.
   */
  accept(holdings: Holdings = NOTHING_HELD, wishes: Wishes = {}): void {
    if (this.#state.kind === 'ended') return;
    if (this.#state.kind !== 'offered') throw new Error('unreachable: nothing to accept');
    const { offer } = this.#state;
    const { takesShort = false } = wishes;
    const assembly = new ChunkAssembly(this.#state, this.#hasher, { holdings, takesShort });
    this.#bytesWritten = assembly.written;
    this.#state = { kind: 'receiving', assembly, digests: new DigestCheck(offer) };
    this.#stream.send(answerPages(holdings, wishes));
  }

  /** Says no to the offer. */
  decline(reason: ErrorCode): void {
    if (this.#state.kind === 'ended') return;
    if (this.#state.kind !== 'offered') throw new Error('unreachable: nothing to decline');
    this.#state = { kind: 'ended' };
    this.#stream.send([encodeDecline(reason)]);
  }

  /** Everything is under its final name: tells the sender. */
  handlePublished(): void {
    if (this.#state.kind === 'ended') return;
    if (this.#state.kind !== 'complete') throw new Error('unreachable: published too early');
    this.#state = { kind: 'ended' };
    this.#stream.send([encodeVerified()]);
  }

  /** Gives up and tells the sender why. */
  cancel(code: ErrorCode): void {
    this.#fail({ code, detail: 'cancelled here' });
  }

  get #heldBytes(): number {
    return this.#state.kind === 'receiving' ? this.#state.assembly.held : 0;
  }

  get #isCrowded(): boolean {
    return this.#state.kind === 'receiving' && this.#state.assembly.isCrowded;
  }

  /** Takes up what waits: all of it, or as much as there is room for. */
  #catchUp(much: 'all' | 'some'): void {
    while (!this.#unread.isEmpty && (much === 'all' || !this.#isCrowded)) {
      this.#read(this.#unread.shift() as Uint8Array);
    }
  }

  #read(plaintext: Uint8Array): void {
    const violation = readRecord(plaintext, this.#handleFrame);
    if (violation !== undefined) this.#fail(violation);
  }

  // Made once, so that no record costs a closure.
  readonly #handleFrame = (frame: Frame): Violation | undefined => {
    switch (frame.kind) {
      case 'data':
      case 'sum':
      case 'end':
      case 'copy':
      case 'zeros':
      case 'compressed':
      case 'group':
      case 'short':
        return this.#handleChunkFrame(frame);
      case 'message':
      case 'delivered':
        if (!this.#stream.handleFrame(frame)) return protocolViolation('message out of bounds');
        return this.#handleMessages();
    }
  };

  #handleChunkFrame(
    frame: Exclude<Frame, { kind: 'message' | 'delivered' }>,
  ): Violation | undefined {
    if (this.#state.kind === 'ended') return undefined;
    if (this.#state.kind !== 'receiving') return protocolViolation('data out of turn');
    const { assembly } = this.#state;
    switch (frame.kind) {
      case 'data':
        return assembly.handleData(frame);
      case 'copy':
        return assembly.handleCopy(frame);
      case 'zeros':
        return assembly.handleZeros(frame);
      case 'sum':
        return assembly.handleSum(frame);
      case 'compressed':
        return assembly.handleCompressed(frame);
      case 'group':
        return assembly.handleGroup(frame);
      case 'short':
        return assembly.handleShort(frame);
      case 'end':
        return assembly.handleEnd(frame);
    }
  }

  #handleMessages(): Violation | undefined {
    for (let body = this.#stream.poll(); body !== undefined; body = this.#stream.poll()) {
      if (this.#state.kind === 'ended') continue;
      const message = decodeMessage(body);
      if (message === undefined) return protocolViolation('malformed message');
      const violation = this.#handleMessage(message, body.length);
      if (violation !== undefined) return violation;
    }
    return undefined;
  }

  #handleMessage(message: Message, length: number): Violation | undefined {
    const state = this.#state;
    if (message.kind === 'unknown') return undefined;
    if (message.kind === 'offer' && state.kind === 'collecting') {
      return this.#handleOffer(state.collector, message, length);
    }
    if (message.kind === 'done' && state.kind === 'receiving') return this.#handleDone(message);
    if (message.kind === 'cancel' && message.side === 'sender') {
      this.#end({
        kind: 'failed',
        code: message.code,
        by: 'peer',
        detail: 'cancelled by the sender',
      });
      return undefined;
    }
    return protocolViolation(`${message.kind} out of turn`);
  }

  #handleOffer(
    collector: OfferCollector,
    page: Extract<Message, { kind: 'offer' }>,
    length: number,
  ): Violation | undefined {
    const violation = collector.handlePage(page, length);
    if (violation !== undefined) return violation;
    const { offer, chunkBytes } = collector;
    if (offer === undefined) return undefined;
    this.#state = { kind: 'offered', offer, chunkBytes };
    this.#events.push({ kind: 'offer', offer, chunkBytes });
    return undefined;
  }

  #handleDone(page: DonePage): Violation | undefined {
    return this.#state.kind === 'receiving' ? this.#state.digests.handlePage(page) : undefined;
  }

  #checkComplete(): void {
    const state = this.#state;
    if (state.kind !== 'receiving' || !state.assembly.allWritten || !state.digests.complete) return;
    if (state.digests.matches(state.assembly)) {
      this.#state = { kind: 'complete' };
      this.#events.push({ kind: 'complete', omitted: state.assembly.omitted });
      return;
    }
    // Every chunk agreed with its sum, so that the sender contradicts itself.
    this.#fail(protocolViolation('the digest of an entry does not match'));
  }

  #fail({ code, detail }: Violation): void {
    if (this.#state.kind === 'ended') return;
    this.#end({ kind: 'failed', code, by: 'self', detail });
    this.#stream.sendLast(encodeCancel(code, 'receiver'));
  }

  #end(event: ReceiverEvent): void {
    this.#state = { kind: 'ended' };
    this.#unread.clear();
    this.#stream.clear();
    this.#events.push(event);
  }
}
