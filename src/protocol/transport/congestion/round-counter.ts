import type { AckSample } from './congestion-controller.ts';

/** Counts round trips: one is over when something is acknowledged that was sent after it began. */
export class RoundCounter {
  #nextDelivered = 0;

  /** Whether a round ends with this ACK, and the next begins. */
  onAck({ delivered, priorDelivered }: AckSample): boolean {
    if (priorDelivered < this.#nextDelivered) return false;
    this.#nextDelivered = delivered;
    return true;
  }
}
