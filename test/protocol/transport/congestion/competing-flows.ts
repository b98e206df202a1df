import { millis } from '../../../../src/protocol/time.ts';
import type { CongestionController } from '../../../../src/protocol/transport/congestion/congestion-controller.ts';
import type { LinePair } from '../../../support/link-options.ts';
import { Simulation } from '../../../support/simulator.ts';
import { keyPair, RecordEnd } from '../record-end.ts';

/** More than any line of these tests carries while it is looked at. */
const ENDLESS = 1e12;

/** What came of one flow. */
export interface Flow {
  /** When it begins, in milliseconds. */
  readonly startMs?: number;
  /** `index`: which of the flows it is, so that no two draw the same numbers. */
  readonly congestion: (simulation: Simulation, index: number) => CongestionController;
}

/**
 * The bytes that each flow brought between two moments, side by side through the sender's line, and
 * how long packets waited there at worst, in milliseconds.
 */
export function compete(
  options: {
    readonly seed: number;
    readonly line: LinePair;
    readonly from: number;
    readonly to: number;
  },
  flows: readonly Flow[],
): { readonly bytes: readonly number[]; readonly worstQueueMs: number } {
  const { seed, line, from, to } = options;
  const sim = new Simulation({ seed });
  const internet = sim.internet();
  const near = internet.host('203.0.113.1', line);
  const far = internet.host('203.0.113.2');
  const ends = flows.map(({ congestion, startMs = 0 }, i) => {
    const [aliceKeys, bobKeys] = keyPair(sim.random.fork(`keys ${i}`));
    const random = (name: string) => sim.random.fork(`${name} ${i}`);
    const bob = new RecordEnd(
      { keys: bobKeys, random: random('bob'), remote: near.endpoint(1000 + i) },
      0,
      sim.now,
    );
    far.run(bob, { port: 2000 + i });
    const begin = () => {
      const alice = new RecordEnd(
        {
          keys: aliceKeys,
          random: random('alice'),
          remote: far.endpoint(2000 + i),
          congestion: congestion(sim, i),
        },
        ENDLESS,
        sim.now,
      );
      near.run(alice, { port: 1000 + i });
    };
    if (startMs === 0) begin();
    else sim.after(millis(startMs), begin);
    return bob;
  });
  sim.run({ within: millis(from) });
  const before = ends.map(({ received }) => received);
  let worstQueueMs = 0;
  for (let at = from; at < to; at += 20) {
    sim.run({ within: millis(20) });
    worstQueueMs = Math.max(worstQueueMs, near.line.up.waitingMs(sim.now));
  }
  const bytes = ends.map(({ received }, i) => received - (before[i] ?? 0));
  return { bytes, worstQueueMs };
}
