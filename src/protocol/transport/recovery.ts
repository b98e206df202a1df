import { earliest, type Instant, instant, type Millis, millis } from '../time.ts';
import { RangeSet } from '../wire/range-set.ts';
import { type CongestionController, emptySample } from './congestion/congestion-controller.ts';
import type { RttEstimator } from './congestion/rtt-estimator.ts';
import { DeliveryRate } from './delivery-rate.ts';
import { MAX_PROBE_INTERVAL_MS, ProbeTimer } from './probe-timer.ts';
import { Reordering } from './reordering.ts';
import { NO_RECORD, PacketState, SentPackets, type SliceRun } from './sent-packets.ts';

/** RFC 9002 §7.6: this many probe timeouts while no slice comes through are persistent congestion. */
const PERSISTENT_CONGESTION_PROBES = 4;

/** Numbers that are kept for closing when a peer leaves the history full (sent-packets.ts). */
const RESERVED_PACKETS = 1024;
/** Ranges of acknowledged numbers that are remembered before the oldest are trimmed. */
const TRIM_RANGES = 512;

/** What has become of a slice, and the number of the packet that it travelled in. */
export type SliceObserver = (
  record: number,
  offset: number,
  length: number,
  packetNumber: number,
) => void;

/** Loss detection and probe timeouts over the history of sent packets (RFC 9002 §6). */
export class Recovery {
  readonly packets = new SentPackets();
  readonly rate: DeliveryRate;
  readonly rtt: RttEstimator;
  readonly #congestion: CongestionController;
  readonly #onSliceAcked: SliceObserver;
  readonly #onSliceLost: SliceObserver;
  readonly #sample = emptySample();
  /** Numbers already processed as acknowledged, so that each ACK costs only what it adds. */
  readonly #acked = new RangeSet();
  #inFlight = 0;
  #inFlightPackets = 0;
  #largestAcked = -1;
  /** No packet below this one is in flight. */
  #lossCursor = 0;
  #lossTime: Instant | undefined;
  /** Packets below this one left on a former path. */
  #pathStart = 0;
  readonly #probeTimer: ProbeTimer;
  /** Whether the ACK at hand tells anything new. */
  #isAnswer = false;
  readonly #reordering = new Reordering();
  /** Slices sent, declared lost and declared lost by mistake. */
  readonly counters = { sent: 0, lost: 0, spurious: 0 };

  constructor(options: {
    rtt: RttEstimator;
    congestion: CongestionController;
    onSliceAcked: SliceObserver;
    onSliceLost: SliceObserver;
  }) {
    this.rtt = options.rtt;
    this.#probeTimer = new ProbeTimer(options.rtt);
    this.rate = new DeliveryRate(this.packets);
    this.#congestion = options.congestion;
    this.#onSliceAcked = options.onSliceAcked;
    this.#onSliceLost = options.onSliceLost;
  }

  /** Slice bytes in flight. */
  get inFlight(): number {
    return this.#inFlight;
  }

  get hasInFlight(): boolean {
    return this.#inFlightPackets > 0;
  }

  /** Whether the history is full although losses are noticed with any ACK: the peer sends none. */
  get isExhausted(): boolean {
    return this.packets.room <= RESERVED_PACKETS;
  }

  /** Notes a packet that elicits an ACK and carries no slice, and yields its packet number. */
  onPingSent(now: Instant): number {
    return this.onSent({ record: NO_RECORD, offset: 0, sliceBytes: 0, length: 0, count: 1 }, now);
  }

  /** Notes the packets of a run of slices, and yields the packet number of the first. */
  onSent(run: SliceRun, now: Instant): number {
    const { length, count } = run;
    const first = this.packets.pushSlices(run, now);
    this.rate.onSent(first, count, this.#inFlight === 0, now);
    this.#inFlight += length;
    this.#inFlightPackets += count;
    this.#probeTimer.onSent(now);
    this.counters.sent += count;
    return first;
  }

  /** Probe timeouts with slices in flight since one last came through, whatever else did. */
  get starvedProbes(): number {
    return this.#probeTimer.starved;
  }

  /** When `handleTimeout` is to be called. */
  get deadline(): Instant | undefined {
    if (!this.hasInFlight) return undefined;
    return earliest(this.#lossTime, this.#probeTimer.deadline);
  }

  /** How long something in flight may go unanswered before a probe is sent. */
  get probeInterval(): Millis {
    return this.#probeTimer.interval;
  }

  /** Whether a probe has to be sent: something in flight has been unanswered for too long. */
  handleTimeout(now: Instant): boolean {
    if (!this.hasInFlight) return false;
    if (this.#lossTime !== undefined && now >= this.#lossTime) {
      this.#beginSample(now);
      this.#detectLosses(now);
      this.#finishSample(now);
      return false;
    }
    if (now < this.#probeTimer.deadline) return false;
    this.#probeTimer.onTimeout(this.#inFlight > 0, now);
    return true;
  }

  /** Calls `visit` for the slices of up to `count` of the oldest packets in flight. */
  oldestInFlight(count: number, visit: SliceObserver): void {
    let found = 0;
    // The cursor stands still while nothing is in flight, and may be behind the history.
    const first = Math.max(this.#lossCursor, this.packets.base);
    for (let n = first; n < this.packets.next && found < count; n += 1) {
      const i = this.packets.index(n);
      if (this.packets.state[i] !== PacketState.inFlight) continue;
      found += 1;
      this.#reportSlice(n, i, visit);
    }
  }

  /** Processes an ACK frame. False when the peer acknowledges what was never sent. */
  onAck(received: RangeSet, ackDelay: Millis, now: Instant): boolean {
    if (received.rangeCount === 0) return true;
    const largest = received.end(received.rangeCount - 1) - 1;
    if (largest >= this.packets.next) return false;
    this.#beginSample(now);
    const before = this.#largestAcked;
    for (let i = 0; i < received.rangeCount; i += 1) {
      if (!this.#onRange(received.start(i), received.end(i), now)) return false;
    }
    if (this.#acked.rangeCount > TRIM_RANGES) this.#acked.removeBelow(this.packets.base);
    if (largest > before) this.#onLargest(largest, ackDelay, now);
    this.#detectLosses(now);
    this.#finishSample(now);
    return true;
  }

  /**
   * A new path. RFC 9000 §9.4: what is still in flight on the old one tells nothing about it, neither
   * its round-trip time nor its rate nor its loss.
   */
  onPathChange(rtt: Millis, now: Instant): void {
    this.#pathStart = this.packets.next;
    this.rate.onPathChange(now);
    this.rtt.reset(rtt);
    this.#probeTimer.onAnswer(true);
    this.#congestion.onPathChange(rtt, now);
  }

  #onRange(start: number, end: number, now: Instant): boolean {
    const from = Math.max(start, this.packets.base);
    if (from >= end || this.#acked.covers(from, end)) return true;
    let honest = true;
    this.#acked.forEachGap(from, end, (low, high) => {
      for (let n = low; n < high && honest; ) {
        const run = this.#onRunAcked(n, high, now);
        honest = run > 0 || this.#onSettledAcked(n);
        n += Math.max(1, run);
      }
    });
    this.#acked.add(from, end);
    return honest;
  }

  /** A number that is not in flight. False if it was skipped (RFC 9000 §21.4: optimistic ACK). */
  #onSettledAcked(packetNumber: number): boolean {
    const index = this.packets.index(packetNumber);
    const state = this.packets.state[index];
    if (state === PacketState.lost) this.#onSpuriousLoss(packetNumber, index);
    return state !== PacketState.skipped;
  }

  /** Settles packets in flight from `first` on that carry neighbouring slices; yields how many. */
  #onRunAcked(first: number, end: number, now: Instant): number {
    const { packets } = this;
    const start = packets.index(first);
    const record = packets.record[start] as number;
    const from = packets.offset[start] as number;
    let length = 0;
    let n = first;
    for (; n < end; n += 1) {
      const index = packets.index(n);
      if (packets.state[index] !== PacketState.inFlight || packets.record[index] !== record) break;
      if (packets.offset[index] !== from + length) break;
      packets.state[index] = PacketState.acked;
      length += packets.length[index] as number;
    }
    if (n === first) return 0;
    this.#isAnswer = true;
    this.#inFlight -= length;
    this.#inFlightPackets -= n - first;
    if (record !== NO_RECORD) this.#onSliceAcked(record, from, length, first);
    if (first >= this.#pathStart) {
      this.#sample.acked += length;
      this.rate.onAcked(n - 1, length, now);
    }
    return n - first;
  }

  /** It was late, not lost: wait longer from now on. */
  #onSpuriousLoss(packetNumber: number, index: number): void {
    this.packets.state[index] = PacketState.acked;
    this.counters.spurious += 1;
    this.#reordering.onSpuriousLoss(this.#largestAcked - packetNumber + 1);
    this.#reportSlice(packetNumber, index, this.#onSliceAcked);
  }

  #onLargest(largest: number, ackDelay: Millis, now: Instant): void {
    this.#largestAcked = largest;
    if (!this.packets.has(largest) || largest < this.#pathStart) return;
    const index = this.packets.index(largest);
    if (this.packets.state[index] !== PacketState.acked) return;
    const rtt = millis(now - (this.packets.sentAt[index] as number));
    // The peer slept, and acknowledges what it had before: that is no round trip of the path.
    if (this.#probeTimer.timeouts >= PERSISTENT_CONGESTION_PROBES && rtt > MAX_PROBE_INTERVAL_MS)
      return;
    this.#sample.rtt = rtt;
    this.rtt.onSample(rtt, ackDelay);
  }

  #detectLosses(now: Instant): void {
    const { packets } = this;
    const delay = this.#reordering.lossDelay(this.rtt);
    const { packetThreshold } = this.#reordering;
    this.#lossTime = undefined;
    // Packets leave in the order of their numbers, so the first that is not lost ends the search.
    let n = Math.max(this.#lossCursor, packets.base);
    for (; n < this.#largestAcked; n += 1) {
      const index = packets.index(n);
      if (packets.state[index] !== PacketState.inFlight) continue;
      const lostAt = (packets.sentAt[index] as number) + delay;
      if (this.#largestAcked - n < packetThreshold && lostAt > now) {
        this.#lossTime = instant(lostAt);
        break;
      }
      this.#onPacketLost(n, index);
    }
    this.#lossCursor = n;
  }

  #onPacketLost(packetNumber: number, index: number): void {
    const length = this.packets.length[index] as number;
    this.packets.state[index] = PacketState.lost;
    this.#inFlight -= length;
    this.#inFlightPackets -= 1;
    if (packetNumber >= this.#pathStart) this.#sample.lost += length;
    this.counters.lost += 1;
    this.#reportSlice(packetNumber, index, this.#onSliceLost);
  }

  #beginSample(now: Instant): void {
    const sample = this.#sample;
    sample.now = now;
    sample.acked = 0;
    sample.lost = 0;
    sample.rtt = undefined;
    sample.priorInFlight = this.#inFlight;
    this.#isAnswer = false;
  }

  #finishSample(now: Instant): void {
    const sample = this.#sample;
    sample.inFlight = this.#inFlight;
    const slicesCame = sample.acked > 0;
    if (slicesCame && this.#probeTimer.starved >= PERSISTENT_CONGESTION_PROBES) {
      this.#congestion.onPersistentCongestion(now);
    }
    if (this.#isAnswer) this.#probeTimer.onAnswer(slicesCame);
    if (sample.acked === 0 && sample.lost === 0) return;
    this.rate.finish(sample, this.rtt.min);
    this.#congestion.onAck(sample);
  }

  #reportSlice(packetNumber: number, index: number, visit: SliceObserver): void {
    const { packets } = this;
    const record = packets.record[index] as number;
    if (record === NO_RECORD) return;
    const offset = packets.offset[index] as number;
    visit(record, offset, packets.length[index] as number, packetNumber);
  }
}
