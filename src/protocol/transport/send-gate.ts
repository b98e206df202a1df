import { type Instant, instant } from '../time.ts';
import { MAX_BATCH_BYTES } from '../wire/packet.ts';
import type { CongestionController } from './congestion-controller.ts';
import { DATA_HEADER_BYTES } from './data-packet.ts';
import { Pacer } from './pacer.ts';

/** How many bytes may leave at this moment: congestion window, pacer, and probes past both. */
export class SendGate {
  readonly #congestion: CongestionController;
  readonly #pacer: Pacer;
  readonly #packetBytes: number;
  #probes = 0;
  #deadline: Instant | undefined;

  constructor(congestion: CongestionController, packetBytes: number, now: Instant) {
    this.#congestion = congestion;
    this.#packetBytes = packetBytes;
    this.#pacer = new Pacer(packetBytes, Math.min(congestion.window, 10 * packetBytes), now);
  }

  /** When the pacer will let a burst go; `undefined` when it is not what holds us. */
  get deadline(): Instant | undefined {
    return this.#deadline;
  }

  get isProbing(): boolean {
    return this.#probes > 0;
  }

  /** The next `count` packets leave whatever the window says (RFC 9002 §7.5). */
  allowProbes(count: number): void {
    this.#probes = count;
  }

  /** Datagram bytes that may leave now as one batch; 0 for none. */
  allowance(inFlight: number, now: Instant): number {
    this.#deadline = undefined;
    if (this.#probes > 0) return this.#probes * this.#packetBytes;
    const room = this.#congestion.window - inFlight;
    if (room < this.#packetBytes - DATA_HEADER_BYTES) return 0;
    const rate = this.#congestion.pacingRate;
    // A burst is a millisecond of the rate: smaller ones cost a system call for too little.
    const burst = Math.min(MAX_BATCH_BYTES, Math.max(2 * this.#packetBytes, rate));
    const tokens = this.#pacer.budget(rate, now);
    // A byte of slack: the deadline below is rounded, and must not be missed by that much.
    if (tokens + 1 >= burst) return Math.min(burst, Math.max(room, this.#packetBytes));
    this.#deadline = instant(now + (burst - tokens) / rate);
    return 0;
  }

  onSent(bytes: number, packets: number): void {
    this.#pacer.onSent(bytes);
    this.#probes = Math.max(0, this.#probes - packets);
  }
}
