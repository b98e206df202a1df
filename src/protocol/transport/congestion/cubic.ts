import { type Instant, instant, type Millis, millis } from '../../time.ts';
import type { AckSample, CongestionController } from './congestion-controller.ts';
import { RttEstimator } from './rtt-estimator.ts';
import { SlowStart } from './slow-start.ts';

/** RFC 9438 §5: C in packets a second cubed, and β. */
const C = 0.4;
const BETA = 0.7;
/** RFC 9438 §4.3: what makes the friendly window as fast as Reno's, with this β. */
const ALPHA = (3 * (1 - BETA)) / (1 + BETA);
/** RFC 9002 §7.2. */
const INITIAL_WINDOW_PACKETS = 10;
const MIN_WINDOW_PACKETS = 2;
/** RFC 9002 §7.7, and twice as much while each round doubles the window. */
const PACING_GAIN = 1.25;
const SLOW_START_PACING_GAIN = 2;

/** CUBIC (RFC 9438) with HyStart++ (RFC 9406): as most TCP does it. */
export class Cubic implements CongestionController {
  readonly #packetBytes: number;
  /** After persistent congestion it starts over: what was measured last may be a stall of the machine. */
  readonly #rtt: RttEstimator;
  #window: number;
  /** `undefined` when it is over. */
  #slowStart: SlowStart | undefined = new SlowStart();
  /** Bytes: the window before the last reduction, from which the cubic curve comes and goes. */
  #max = 0;
  /** When the curve began; `undefined` until the first ACK after a reduction. */
  #epoch: Instant | undefined;
  /** Seconds from the beginning of the curve to its plateau. */
  #k = 0;
  /** The window that Reno would have. */
  #friendly = 0;
  /** Delivered bytes from which on a loss is news, and not the same congestion. */
  #recoveredAt = 0;
  #ackedAt: Instant | undefined;

  constructor({ packetBytes, rtt }: { readonly packetBytes: number; readonly rtt: Millis }) {
    this.#packetBytes = packetBytes;
    this.#rtt = new RttEstimator(rtt);
    this.#window = INITIAL_WINDOW_PACKETS * packetBytes;
  }

  get window(): number {
    return this.#window;
  }

  get pacingRate(): number {
    const gain = this.#slowStart === undefined ? PACING_GAIN : SLOW_START_PACING_GAIN;
    return (gain * this.#window) / Math.max(this.#rtt.smoothed, 0.1);
  }

  onAck(sample: AckSample): void {
    const { rtt, now } = sample;
    if (rtt !== undefined) this.#rtt.onSample(rtt, millis(0));
    if (sample.lost > 0 && sample.delivered >= this.#recoveredAt) this.#reduce(sample);
    else if (sample.appLimited) this.#idle(now);
    else this.#grow(sample);
    this.#ackedAt = now;
  }

  onPersistentCongestion(_now: Instant): void {
    this.#rtt.reset(this.#rtt.min);
    this.#max = Math.max(this.#max, this.#window);
    this.#window = MIN_WINDOW_PACKETS * this.#packetBytes;
    this.#slowStart = new SlowStart();
    this.#epoch = undefined;
  }

  onPathChange(rtt: Millis, _now: Instant): void {
    this.#rtt.reset(rtt);
    this.#window = INITIAL_WINDOW_PACKETS * this.#packetBytes;
    this.#slowStart = new SlowStart();
    this.#max = 0;
    this.#epoch = undefined;
    this.#recoveredAt = 0;
  }

  /** RFC 9438 §4.6 and 4.7: less, and with a lower plateau if there was less room than before. */
  #reduce({ delivered, inFlight }: AckSample): void {
    const isLess = this.#window < this.#max;
    this.#max = isLess ? (this.#window * (1 + BETA)) / 2 : this.#window;
    this.#window = Math.max(BETA * this.#window, MIN_WINDOW_PACKETS * this.#packetBytes);
    this.#slowStart = undefined;
    this.#epoch = undefined;
    this.#recoveredAt = delivered + inFlight;
  }

  /** The time in which nothing was to be sent is no time in which the window could have grown. */
  #idle(now: Instant): void {
    if (this.#epoch === undefined || this.#ackedAt === undefined) return;
    this.#epoch = instant(this.#epoch + (now - this.#ackedAt));
  }

  #grow(sample: AckSample): void {
    if (this.#slowStart !== undefined) {
      const part = this.#slowStart.onAck(sample);
      this.#window += part * sample.acked;
      if (part > 0) return;
      this.#slowStart = undefined;
      this.#max = this.#window;
    }
    this.#avoidCongestion(sample);
  }

  #avoidCongestion({ acked, now }: AckSample): void {
    const epoch = this.#epoch ?? this.#begin(now);
    const seconds = (now - epoch) / 1000;
    // RFC 9438 §4.2: where the curve is a round trip from now.
    const target = this.#curve(seconds + this.#rtt.smoothed / 1000);
    const aim = Math.min(Math.max(target, this.#window), 1.5 * this.#window);
    const alpha = this.#friendly < this.#max ? ALPHA : 1;
    this.#friendly += (alpha * acked * this.#packetBytes) / this.#window;
    this.#window += ((aim - this.#window) * acked) / this.#window;
    this.#window = Math.max(this.#window, this.#friendly);
  }

  #begin(now: Instant): Instant {
    this.#epoch = now;
    this.#max = Math.max(this.#max, this.#window);
    this.#friendly = this.#window;
    this.#k = Math.cbrt((this.#max - this.#window) / this.#packetBytes / C);
    return now;
  }

  /** Bytes, so many seconds after the beginning. */
  #curve(seconds: number): number {
    return C * (seconds - this.#k) ** 3 * this.#packetBytes + this.#max;
  }
}
