import { type Instant, instant, type Millis, millis } from '../../time.ts';
import type { AckSample, CongestionController } from './congestion-controller.ts';
import { RoundCounter } from './round-counter.ts';
import { RttEstimator } from './rtt-estimator.ts';

/** draft-irtf-iccrg-ledbat-plus-plus: the queueing delay that it aims at. */
const TARGET_MS = 60;
/** The slowest growth: one sixteenth of Reno's. */
const MAX_DIVISOR = 16;
/** Slow start ends at this part of the target. */
const RAMP_END = 0.75;
/** From one slowdown to the next: nine times as long as it took, so that a tenth of the time is lost. */
const SLOWDOWN_SPACING = 9;
const SLOWDOWN_ROUNDS = 2;
const INITIAL_WINDOW_PACKETS = 2;
const MIN_WINDOW_PACKETS = 2;
/** The current delay is the lowest of the last four, against flutter. */
const CURRENT_SAMPLES = 4;
/** RFC 6817 §2.4.2: the base delay is the lowest of the last ten minutes, minute by minute. */
const BASE_MINUTES = 10;
const MINUTE_MS = 60_000;
const PACING_GAIN = 1.25;

/**
 * LEDBAT++ (draft-irtf-iccrg-ledbat-plus-plus): takes what others leave. It measures how long packets
 * wait in queues, and yields before anything that fills them has to. From time to time it slows down
 * to nothing, to see the path without itself.
 */
export class Ledbat implements CongestionController {
  readonly #packetBytes: number;
  /** After persistent congestion it starts over: what was measured last may be a stall of the machine. */
  readonly #rtt: RttEstimator;
  readonly #rounds = new RoundCounter();
  readonly #current: number[] = [];
  readonly #minutes: { readonly from: Instant; lowest: number }[] = [];
  #window: number;
  /** Until there, growth is exponential; without bound before the first slowdown. */
  #threshold = Infinity;
  #recoveredAt = 0;
  /** A slowdown: the rounds that are left of its pause, and when it began. It ends at the threshold. */
  #slowdown: { rounds: number; readonly since: Instant } | undefined;
  #nextSlowdownAt: Instant | undefined;

  constructor({ packetBytes, rtt }: { readonly packetBytes: number; readonly rtt: Millis }) {
    this.#packetBytes = packetBytes;
    this.#rtt = new RttEstimator(rtt);
    this.#window = INITIAL_WINDOW_PACKETS * packetBytes;
  }

  get window(): number {
    return this.#window;
  }

  get pacingRate(): number {
    return (PACING_GAIN * this.#window) / Math.max(this.#rtt.smoothed, 0.1);
  }

  onAck(sample: AckSample): void {
    const { now, rtt } = sample;
    if (rtt !== undefined) this.#measure(rtt, now);
    const isRound = this.#rounds.onAck(sample);
    if (sample.lost > 0 && sample.delivered >= this.#recoveredAt) this.#halve(sample);
    else if (this.#isPausing) this.#pause(isRound);
    else if (this.#nextSlowdownAt !== undefined && now >= this.#nextSlowdownAt) this.#slowDown(now);
    else if (!sample.appLimited) this.#adapt(sample);
  }

  onPersistentCongestion(now: Instant): void {
    this.#rtt.reset(this.#rtt.min);
    this.#threshold = this.#window / 2;
    this.#window = this.#least;
    this.#slowdown = undefined;
    this.#nextSlowdownAt = this.#soon(now);
  }

  onPathChange(rtt: Millis, _now: Instant): void {
    this.#rtt.reset(rtt);
    this.#window = INITIAL_WINDOW_PACKETS * this.#packetBytes;
    this.#threshold = Infinity;
    this.#current.length = 0;
    this.#minutes.length = 0;
    this.#slowdown = undefined;
    this.#nextSlowdownAt = undefined;
    this.#recoveredAt = 0;
  }

  get #least(): number {
    return MIN_WINDOW_PACKETS * this.#packetBytes;
  }

  get #base(): number {
    return Math.min(...this.#minutes.map(({ lowest }) => lowest));
  }

  /** Milliseconds that packets wait in queues now. */
  get #queueing(): number {
    return this.#current.length === 0 ? 0 : Math.min(...this.#current) - this.#base;
  }

  /** The part of Reno's growth that is ours: the less, the shorter the path is. */
  get #gain(): number {
    return (
      1 / Math.min(MAX_DIVISOR, Math.max(1, Math.ceil((2 * TARGET_MS) / Math.max(this.#base, 0.1))))
    );
  }

  #measure(rtt: Millis, now: Instant): void {
    this.#rtt.onSample(rtt, millis(0));
    this.#current.push(rtt);
    if (this.#current.length > CURRENT_SAMPLES) this.#current.shift();
    const minute = this.#minutes.at(-1);
    if (minute !== undefined && now - minute.from < MINUTE_MS) {
      minute.lowest = Math.min(minute.lowest, rtt);
      return;
    }
    this.#minutes.push({ from: now, lowest: rtt });
    if (this.#minutes.length > BASE_MINUTES) this.#minutes.shift();
  }

  #adapt(sample: AckSample): void {
    if (this.#window < this.#threshold) this.#ramp(sample);
    else this.#steer(sample.acked);
    if (this.#slowdown !== undefined && this.#window >= this.#threshold) {
      const lasted = sample.now - this.#slowdown.since;
      this.#slowdown = undefined;
      this.#nextSlowdownAt = instant(sample.now + SLOWDOWN_SPACING * lasted);
    }
  }

  /** Exponential, but by the gain, and only until the queue begins to stand. */
  #ramp({ acked, now }: AckSample): void {
    this.#window += this.#gain * acked;
    // After a slowdown it is known how far it goes; only the first ramp has to feel its way.
    if (this.#threshold < Infinity || this.#queueing < RAMP_END * TARGET_MS) return;
    this.#threshold = this.#window;
    this.#nextSlowdownAt = this.#soon(now);
  }

  /** Up by the gain below the target; down in proportion above, by half at most in a round trip. */
  #steer(acked: number): void {
    const excess = this.#queueing / TARGET_MS - 1;
    const growth = this.#gain * this.#packetBytes;
    const change =
      excess < 0 ? growth : Math.max(growth - this.#window * excess, -this.#window / 2);
    this.#window = Math.max(this.#window + (change * acked) / this.#window, this.#least);
  }

  #halve({ delivered, inFlight, now }: AckSample): void {
    this.#recoveredAt = delivered + inFlight;
    const before = this.#slowdown === undefined ? this.#window : this.#threshold;
    this.#threshold = Math.max(before / 2, this.#least);
    this.#window = Math.min(this.#window, this.#threshold);
    if (this.#slowdown === undefined) this.#nextSlowdownAt ??= this.#soon(now);
  }

  #slowDown(now: Instant): void {
    this.#threshold = this.#window;
    this.#window = this.#least;
    this.#slowdown = { rounds: SLOWDOWN_ROUNDS, since: now };
    this.#nextSlowdownAt = undefined;
  }

  get #isPausing(): boolean {
    return this.#slowdown !== undefined && this.#slowdown.rounds > 0;
  }

  #pause(isRound: boolean): void {
    if (isRound && this.#slowdown !== undefined) this.#slowdown.rounds -= 1;
  }

  /** The first slowdown: the queue that is there by then is our own. */
  #soon(now: Instant): Instant {
    return instant(now + SLOWDOWN_ROUNDS * this.#rtt.smoothed);
  }
}
