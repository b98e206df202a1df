import type { Instant } from '../time.ts';
import type { AckSample } from './congestion/congestion-controller.ts';
import type { SentPackets } from './sent-packets.ts';

/**
 * Delivery-rate samples as in draft-ietf-ccwg-bbr, section "Delivery Rate Samples": how many bytes
 * were delivered between the sending and the acknowledgement of a packet, over the longer of the
 * time they took to send and the time they took to be acknowledged.
 */
export class DeliveryRate {
  readonly #packets: SentPackets;
  #delivered = 0;
  #deliveredAt = 0;
  #firstSentAt = 0;
  /** Everything sent before this many bytes are delivered is application-limited. */
  #appLimitedUntil = 0;
  #newest = -1;
  #sendElapsed = 0;
  #priorDeliveredAt = 0;
  #priorDelivered = 0;
  #priorAppLimited = false;

  constructor(packets: SentPackets) {
    this.#packets = packets;
  }

  get delivered(): number {
    return this.#delivered;
  }

  /** Nothing was there to be sent although the window had room for it. */
  onAppLimited(inFlight: number): void {
    this.#appLimitedUntil = Math.max(this.#delivered + inFlight, 1);
  }

  /** What is measured from here on begins here. */
  onPathChange(now: Instant): void {
    this.#firstSentAt = now;
    this.#deliveredAt = now;
  }

  /** Notes the counters beside `count` packets that are being sent, from number `first` on. */
  onSent(first: number, count: number, idle: boolean, now: Instant): void {
    if (idle) {
      this.#firstSentAt = now;
      this.#deliveredAt = now;
    }
    const packets = this.#packets;
    packets.fill(packets.delivered, first, count, this.#delivered);
    packets.fill(packets.deliveredAt, first, count, this.#deliveredAt);
    packets.fill(packets.firstSentAt, first, count, this.#firstSentAt);
    packets.fill(packets.appLimited, first, count, this.#appLimitedUntil > 0 ? 1 : 0);
  }

  /** `bytes` were acknowledged for the first time, the newest of them in `packetNumber`. */
  onAcked(packetNumber: number, bytes: number, now: Instant): void {
    const packets = this.#packets;
    const index = packets.index(packetNumber);
    this.#delivered += bytes;
    this.#deliveredAt = now;
    if (packetNumber <= this.#newest) return;
    const sentAt = packets.sentAt[index] as number;
    this.#newest = packetNumber;
    this.#sendElapsed = sentAt - (packets.firstSentAt[index] as number);
    this.#priorDelivered = packets.delivered[index] as number;
    this.#priorDeliveredAt = packets.deliveredAt[index] as number;
    this.#priorAppLimited = packets.appLimited[index] === 1;
    this.#firstSentAt = sentAt;
  }

  /** Writes the sample of the ACK just processed. `minRtt` bounds what an interval can be. */
  finish(sample: AckSample, minRtt: number): void {
    if (this.#appLimitedUntil > 0 && this.#delivered > this.#appLimitedUntil) {
      this.#appLimitedUntil = 0;
    }
    const interval = Math.max(this.#sendElapsed, this.#deliveredAt - this.#priorDeliveredAt);
    sample.delivered = this.#delivered;
    sample.priorDelivered = this.#priorDelivered;
    sample.appLimited = this.#priorAppLimited;
    // Shorter than the path can be: ACK compression, not a rate.
    const valid = sample.acked > 0 && interval > 0 && interval >= minRtt;
    sample.rate = valid ? (this.#delivered - this.#priorDelivered) / interval : 0;
  }
}
