import { after, type Instant, instant, type Millis, millis } from '../time.ts';
import { RangeSet } from '../wire/range-set.ts';

/** Ranges of received numbers that are kept: four ACK frames' worth; below them, all is "old". */
const MAX_RANGES = 256;
/** An ACK goes out at the latest after so many bytes or so much time (measured, see docs). */
const ACK_BYTES = 512 * 1024;
export const MAX_ACK_DELAY: Millis = millis(5);
const MIN_ACK_DELAY: Millis = millis(1);
/** Records by which credit has to grow before that alone is told: 1 MiB. */
const CREDIT_STEP = 16;
/** The first packets are acknowledged at once, so that the sender's start is not held up. */
const PROMPT_PACKETS = 32;

/** Which packet numbers have arrived, and when to say so (RFC 9000 §13.2). */
export class AckTracker {
  readonly received = new RangeSet();
  #floor = 0;
  #count = 0;
  #largest = -1;
  #largestAt: Instant = instant(0);
  #bytes = 0;
  #deadline: Instant | undefined;
  #announcedCredit = 0;
  #ackedAt: Instant = instant(-Infinity);

  /** When an ACK is due; `undefined` while there is nothing to acknowledge. */
  get deadline(): Instant | undefined {
    return this.#deadline;
  }

  get largest(): number {
    return this.#largest;
  }

  /** Whether the number has been seen, or is so old that it must be taken for seen. */
  isDuplicate(packetNumber: number): boolean {
    return packetNumber < this.#floor || this.received.contains(packetNumber);
  }

  /** Whether this number and all above it are new. */
  isNew(packetNumber: number): boolean {
    return packetNumber > this.#largest;
  }

  /**
   * Notes `count` authentic packets with numbers from `first` on, none of them a duplicate. `bytes`
   * is 0 for packets that elicit no ACK.
   */
  onPackets(first: number, count: number, bytes: number, rtt: Millis, now: Instant): void {
    const gap = first !== this.#largest + 1;
    const last = first + count - 1;
    this.received.add(first, last + 1);
    this.#boundRanges();
    if (last > this.#largest) {
      this.#largest = last;
      this.#largestAt = now;
    }
    if (bytes === 0) return;
    this.#count += count;
    this.#bytes += bytes;
    this.#schedule(gap, rtt, now);
  }

  /** Asks for an ACK at once: a record is wanted again. */
  requestNow(now: Instant): void {
    this.#deadline = now;
  }

  /** Asks for an ACK unless one left within `span`: what it said may have been lost. */
  requestAgain(span: Millis, now: Instant): void {
    if (now - this.#ackedAt >= span) this.requestNow(now);
  }

  /** Credit has grown: worth an ACK of its own once it is noticeable. */
  onCreditGrown(credit: number, now: Instant): void {
    if (credit - this.#announcedCredit >= CREDIT_STEP) this.requestNow(now);
  }

  /** Microseconds since the largest number arrived; 0 when none has. */
  delayMicros(now: Instant): number {
    if (this.#largest < 0) return 0;
    return Math.max(0, Math.round((now - this.#largestAt) * 1000));
  }

  /** An ACK that announced `credit` leaves. */
  onAckSent(credit: number, now: Instant): void {
    this.#announcedCredit = credit;
    this.#deadline = undefined;
    this.#bytes = 0;
    this.#ackedAt = now;
  }

  #schedule(gap: boolean, rtt: Millis, now: Instant): void {
    // A gap is reported at once, but no more than once a millisecond: on a path with loss in
    // every batch, an ACK for each gap would be an ACK for each packet.
    const prompt = this.#count <= PROMPT_PACKETS || (gap && now - this.#ackedAt >= MIN_ACK_DELAY);
    if (prompt || this.#bytes >= ACK_BYTES) this.#deadline = now;
    this.#deadline ??= after(now, ackDelay(rtt));
  }

  #boundRanges(): void {
    if (this.received.rangeCount <= MAX_RANGES) return;
    this.#floor = this.received.start(1);
    this.received.removeBelow(this.#floor);
  }
}

/** An eighth of the round trip costs the sender little; below 1 ms timers do not go. */
function ackDelay(rtt: Millis): Millis {
  return millis(Math.min(MAX_ACK_DELAY, Math.max(MIN_ACK_DELAY, rtt / 8)));
}
