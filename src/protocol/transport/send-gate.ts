import { type Instant, instant } from '../time.ts';
import { MAX_BATCH_BYTES } from '../wire/packet.ts';
import type { CongestionController } from './congestion/congestion-controller.ts';
import { DATA_HEADER_BYTES } from './data-packet.ts';
import { Pacer } from './pacer.ts';
import type { RateCap } from './rate-cap.ts';

/** How many bytes may leave at this moment: congestion window, pacer, caps, and probes past all. */
export class SendGate {
  readonly #congestion: CongestionController;
  readonly #pacer: Pacer;
  readonly #packetBytes: number;
  readonly #caps: readonly RateCap[];
  #isCapped = false;
  #probes = 0;
  #deadline: Instant | undefined;

  constructor(
    options: {
      readonly congestion: CongestionController;
      readonly packetBytes: number;
      readonly caps: readonly RateCap[];
    },
    now: Instant,
  ) {
    const { congestion, packetBytes, caps } = options;
    this.#congestion = congestion;
    this.#packetBytes = packetBytes;
    this.#caps = caps;
    this.#pacer = new Pacer(packetBytes, Math.min(congestion.window, 10 * packetBytes), now);
  }

  /** When the pacer will let a burst go; `undefined` when it is not what holds us. */
  get deadline(): Instant | undefined {
    return this.#deadline;
  }

  /** Whether it is a cap that holds us: the path would have carried more. */
  get isCapped(): boolean {
    return this.#isCapped;
  }

  /** Bytes per millisecond that may leave in the long run. */
  get rate(): number {
    return this.#capped(this.#congestion.pacingRate);
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
    const lateMs = this.#deadline === undefined ? 0 : Math.max(0, now - this.#deadline);
    this.#deadline = undefined;
    this.#isCapped = false;
    if (this.#probes > 0) return this.#probes * this.#packetBytes;
    const room = this.#congestion.window - inFlight;
    if (room < this.#packetBytes - DATA_HEADER_BYTES) return 0;
    const { rate } = this;
    // A burst is a millisecond of the rate: smaller ones cost a system call for too little.
    const burst = Math.min(MAX_BATCH_BYTES, Math.max(2 * this.#packetBytes, rate));
    const paced = this.#pacer.budget(this.#congestion.pacingRate, now, lateMs);
    const tokens = this.#afterCaps(paced, now);
    // A byte of slack: the deadline below is rounded, and must not be missed by that much.
    if (tokens + 1 >= burst) return Math.min(burst, Math.max(room, this.#packetBytes));
    this.#isCapped = tokens < paced;
    this.#deadline = instant(now + (burst - tokens) / rate);
    return 0;
  }

  onSent(bytes: number, packets: number): void {
    this.#pacer.onSent(bytes);
    for (const cap of this.#caps) cap.onSent(bytes);
    this.#probes = Math.max(0, this.#probes - packets);
  }

  #capped(rate: number): number {
    let least = rate;
    for (const cap of this.#caps) least = Math.min(least, cap.rate);
    return least;
  }

  #afterCaps(tokens: number, now: Instant): number {
    let least = tokens;
    for (const cap of this.#caps) least = Math.min(least, cap.budget(now));
    return least;
  }
}
