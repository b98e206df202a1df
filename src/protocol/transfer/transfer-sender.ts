import type { ErrorCode } from '../errors.ts';
import type { Hasher } from '../ports.ts';
import type { CompressionRun, ReadChunk, ReadWish } from './chunks/outgoing-chunk.ts';
import { OutgoingChunks } from './chunks/outgoing-chunks.ts';
import { bytesOf, type Entries, type Entry, mayBeOmitted } from './entries/entry.ts';
import { CHUNK_BYTES, TRANSFER_LIMITS } from './limits.ts';
import type { AnswerPage } from './messages/answer-message.ts';
import { donePages } from './messages/done-message.ts';
import type { Frame } from './messages/frame.ts';
import { decodeMessage, encodeCancel, type Message } from './messages/message.ts';
import { MessageStream } from './messages/message-stream.ts';
import { offerPages } from './messages/offer-message.ts';
import { readRecord } from './messages/record.ts';
import { RecordBuilder } from './messages/record-builder.ts';
import type { SenderEvent } from './transfer-event.ts';
import { protocolViolation, type Violation } from './violation.ts';

/** Chunks that may be read and not yet sent: hides the disk behind the network. */
const READ_AHEAD = 4;

/** Chunks that had better be compressed together before they are sent, and what they may be compressed by. */
export interface CompressionWish extends CompressionRun {
  /** At which they may leave, in bytes a millisecond. */
  readonly rate: number;
  /** Whether the receiver takes Zstandard as well as Brotli. */
  readonly takesZstd: boolean;
}

/** `finishing`: all data is handed over, and the receiver's word is awaited. */
type State = 'preparing' | 'offering' | 'sending' | 'finishing' | 'ended';

/**
 * The sending end of a transfer: offers its entries, asks for chunks to be read, and cuts them into
 * records whose file bytes are views into the chunks. It never reads a file and never waits.
 */
export class TransferSender {
  readonly #hasher: Hasher;
  readonly #readAhead: number;
  #chunks: OutgoingChunks;
  #entries: Entries = [];
  readonly #stream = new MessageStream();
  readonly #events: SenderEvent[] = [];
  #state: State = 'preparing';
  #limit: number | undefined;
  readonly #compresses: boolean;
  #takesCompressed = false;
  #takesGroups = false;
  #takesShort = false;
  #takesZstd = false;
  #answerBytes = 0;
  #handedIn = 0;

  /** `chunkBytes`: a power of two from 2^10 to 2^20; `compresses`: whether to ask for compression. */
  constructor({
    hasher,
    chunkBytes = CHUNK_BYTES,
    readAhead = READ_AHEAD,
    compresses = false,
  }: {
    readonly hasher: Hasher;
    readonly chunkBytes?: number;
    readonly readAhead?: number;
    readonly compresses?: boolean;
  }) {
    this.#hasher = hasher;
    this.#readAhead = readAhead;
    this.#compresses = compresses;
    this.#chunks = new OutgoingChunks([], chunkBytes, hasher, readAhead);
  }

  /**
   * Says what there is to be had, once: at least one entry, and at most as many as the limits say.
   * `storedBytes`: of the files, those that are not in holes; all by default.
   */
  offer(entries: Entries, storedBytes?: number): void {
    if (this.#state === 'ended') return;
    if (this.#state !== 'preparing') throw new Error('unreachable: two offers');
    const { chunkBytes } = this.#chunks;
    const totalBytes = bytesOf(entries);
    this.#entries = entries;
    this.#chunks = new OutgoingChunks(entries, chunkBytes, this.#hasher, this.#readAhead);
    this.#state = 'offering';
    this.#stream.send(offerPages(entries, totalBytes, Math.log2(chunkBytes), storedBytes));
  }

  /** Bytes of the offer that are in records or that the receiver holds already. */
  get bytesTaken(): number {
    return this.#chunks.bytesTaken;
  }

  /** Whether all has been said, and only the receiver's word is missing that it has it. */
  get awaitsVerified(): boolean {
    return this.#state === 'finishing';
  }

  /** Takes the plaintext of one record. */
  handleRecord(plaintext: Uint8Array): void {
    this.#handedIn += plaintext.length;
    const violation = readRecord(plaintext, this.#handleFrame);
    if (violation !== undefined) this.#fail(violation);
  }

  /**
   * The next record, in pieces of at most `maxBytes` together (256 or more). They have to be sealed
   * or copied before the next call, which frees the chunks that were used up.
   */
  pollRecord(maxBytes: number): Uint8Array[] | undefined {
    this.#chunks.releaseSpent();
    const record = new RecordBuilder(maxBytes);
    this.#stream.pack(record);
    if (this.#state === 'sending') this.#packChunks(record);
    return record.finish();
  }

  pollEvent(): SenderEvent | undefined {
    return this.#events.shift();
  }

  /** The next chunk to read. */
  pollRead(): ReadWish | undefined {
    return this.#state === 'sending' ? this.#chunks.pollRead() : undefined;
  }

  /**
   * Takes the bytes of a chunk that was asked for; their memory is lent until `pollReleased` yields
   * it. Fewer bytes than asked for are the end of a stream, but where they `mayBeShort` only none at all
   * are, and mean that anything else has changed.
   */
  handleRead(entry: number, offset: number, bytes: Uint8Array): void {
    if (this.#state !== 'sending') return;
    const left = this.#chunks.sizeOf(entry) - offset;
    const isStream = this.#entries.at(entry)?.kind === 'stream';
    if (!isStream && bytes.length < Math.min(left, this.#chunks.chunkBytes)) {
      this.#fail({ code: 'P2P_SOURCE_CHANGED', detail: 'source ended early' });
    } else this.#chunks.handleRead(entry, offset, bytes);
  }

  /**
   * What of that had better be compressed before it is sent, if it may leave at so many bytes a
   * millisecond; answered by `handleCompressed`.
   */
  pollCompression(rate: number): CompressionWish | undefined {
    if (!this.#compresses || !this.#takesCompressed || this.#state !== 'sending') return undefined;
    const run = this.#chunks.pollCompression(rate, this.#takesGroups);
    return run && { ...run, rate, takesZstd: this.#takesZstd };
  }

  /**
   * Takes what the chunks of `pollCompression` are by Brotli (RFC 7932), or by Zstandard (RFC 8878) where
   * the receiver takes that, one after the other. It travels instead where it is shorter; `undefined` where
   * it is not.
   */
  handleCompressed(chunks: readonly ReadChunk[], compressed: Uint8Array | undefined): void {
    if (this.#state === 'sending') this.#chunks.handleCompressed(chunks, compressed);
  }

  /**
   * Leaves out a file of which a read has failed. False where that cannot be: for what is named at the
   * top, and where the receiver holds a part of it behind the one that failed.
   */
  omit(entry: number): boolean {
    if (this.#state === 'ended') return true;
    return mayBeOmitted(this.#entries.at(entry) as Entry) && this.#chunks.omit(entry);
  }

  /** Nothing has come for a moment of a read that `mayBeShort`: what there is leaves. */
  handlePause(): void {
    this.#chunks.handlePause();
  }

  handleReadFailed(code: ErrorCode): void {
    this.#fail({ code, detail: 'read failed' });
  }

  /** A buffer, as it was given to `handleRead`, that may be used again. */
  pollReleased(): Uint8Array | undefined {
    return this.#chunks.pollReleased();
  }

  /** Bytes of records that have been dealt with since the last call: all of them, always. */
  takeConsumed(): number {
    const consumed = this.#handedIn;
    this.#handedIn = 0;
    return consumed;
  }

  /** Gives up and tells the receiver why. */
  cancel(code: ErrorCode): void {
    this.#fail({ code, detail: 'cancelled here' });
  }

  #packChunks(record: RecordBuilder): void {
    this.#chunks.pack(record);
    if (!this.#chunks.finished) return;
    this.#state = 'finishing';
    this.#events.push({ kind: 'sent' });
    const { digests } = this.#chunks.sums;
    this.#stream.send(donePages(this.#entries, digests, (entry) => this.#chunks.sizeOf(entry)));
    this.#stream.pack(record);
  }

  // Made once, so that no record costs a closure.
  readonly #handleFrame = (frame: Frame): Violation | undefined => {
    if (frame.kind !== 'message' && frame.kind !== 'delivered') {
      return protocolViolation('data from a receiver');
    }
    if (!this.#stream.handleFrame(frame)) return protocolViolation('message out of bounds');
    for (let body = this.#stream.poll(); body !== undefined; body = this.#stream.poll()) {
      if (this.#state === 'ended') continue;
      const message = decodeMessage(body);
      if (message === undefined) return protocolViolation('malformed message');
      const violation = this.#handleMessage(message, body.length);
      if (violation !== undefined) return violation;
    }
    return undefined;
  };

  #handleMessage(message: Message, length: number): Violation | undefined {
    if (message.kind === 'unknown') return undefined;
    if (message.kind === 'accept' && this.#state === 'offering') {
      return this.#handleAccept(message, length);
    }
    if (message.kind === 'decline' && this.#state === 'offering') {
      return this.#end({ kind: 'declined', reason: message.reason });
    }
    if (message.kind === 'verified' && this.#state === 'finishing') {
      return this.#end({ kind: 'verified' });
    }
    if (message.kind === 'cancel' && message.side === 'receiver') {
      const detail = 'cancelled by the receiver';
      return this.#end({ kind: 'failed', code: message.code, by: 'peer', detail });
    }
    return protocolViolation(`${message.kind} out of turn`);
  }

  #handleAccept(page: AnswerPage, length: number): Violation | undefined {
    this.#answerBytes += length;
    const { skipped, have, bases } = page;
    const endless = !page.last && skipped.length + have.length + bases.length === 0;
    if (endless || this.#answerBytes > TRANSFER_LIMITS.pageBytes) {
      return protocolViolation('answer too large');
    }
    if (!this.#chunks.addHoldings(page)) return protocolViolation('holdings out of order');
    this.#limit ??= page.limit;
    this.#takesCompressed ||= page.takesCompressed;
    this.#takesGroups ||= page.takesGroups;
    this.#takesShort ||= page.takesShort;
    this.#takesZstd ||= page.takesZstd;
    if (!page.last) return undefined;
    this.#chunks.begin({ takesShort: this.#takesShort });
    this.#state = 'sending';
    this.#events.push({ kind: 'accepted', limit: this.#limit });
    return undefined;
  }

  #fail({ code, detail }: Violation): void {
    if (this.#state === 'ended') return;
    this.#end({ kind: 'failed', code, by: 'self', detail });
    this.#stream.sendLast(encodeCancel(code, 'sender'));
  }

  #end(event: SenderEvent): undefined {
    this.#state = 'ended';
    this.#stream.clear();
    this.#events.push(event);
  }
}
