import { type Instant, instant, millis } from '../../../src/protocol/time.ts';
import type {
  AckSample,
  CongestionController,
} from '../../../src/protocol/transport/congestion/congestion-controller.ts';
import { RttEstimator } from '../../../src/protocol/transport/congestion/rtt-estimator.ts';
import { Recovery } from '../../../src/protocol/transport/recovery.ts';
import { RangeSet } from '../../../src/protocol/wire/range-set.ts';

/** Where the time of these tests begins. */
export const START = 50_000;

export function at(millisSinceStart: number): Instant {
  return instant(START + millisSinceStart);
}

/** A set of half-open ranges. */
export function ranges(...list: readonly (readonly [start: number, end: number])[]): RangeSet {
  const set = new RangeSet();
  for (const [start, end] of list) set.add(start, end);
  return set;
}

/** A controller with fixed answers that keeps what it was told. */
export class FixedRate implements CongestionController {
  readonly window: number;
  readonly pacingRate: number;
  readonly samples: AckSample[] = [];
  persistent = 0;

  constructor(window = Infinity, pacingRate = Infinity) {
    this.window = window;
    this.pacingRate = pacingRate;
  }

  onAck(sample: AckSample): void {
    this.samples.push({ ...sample });
  }

  onPersistentCongestion(): void {
    this.persistent += 1;
  }

  onPathChange(): void {}
}

/** A `Recovery` whose packets carry 1,000 bytes of the record that has the packet's number. */
export function history(rtt = 100) {
  const acked: number[] = [];
  const lost: number[] = [];
  const congestion = new FixedRate();
  const recovery = new Recovery({
    rtt: new RttEstimator(millis(rtt)),
    congestion,
    onSliceAcked: (record) => acked.push(record),
    onSliceLost: (record) => lost.push(record),
  });
  return {
    recovery,
    congestion,
    /** Packet numbers reported so far. */
    acked,
    lost,
    /** Sends `count` packets at once, `when` milliseconds after the start. */
    send(count: number, when = 0): void {
      for (let i = 0; i < count; i += 1) {
        const record = recovery.packets.next;
        recovery.onSent({ record, offset: 0, sliceBytes: 1000, length: 1000, count: 1 }, at(when));
      }
    },
    /** Acknowledges the numbers in [range). */
    ack(range: readonly [start: number, end: number], when: number): boolean {
      return recovery.onAck(ranges(range), millis(0), at(when));
    },
  };
}
