import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { instant, millis } from '../../../../src/protocol/time.ts';
import {
  CONGESTION_NAMES,
  type CongestionName,
  createController,
} from '../../../../src/protocol/transport/congestion/controllers.ts';
import { SeededRandom } from '../../../support/seeded-random.ts';
import { START } from '../history.ts';

const PACKET = 1200;
const LEAST_PACKETS: Readonly<Record<CongestionName, number>> = { bbr: 4, cubic: 2, ledbat: 2 };

const events = fc.array(
  fc.record({
    wait: fc.double({ min: 0, max: 3000, noNaN: true }),
    acked: fc.nat({ max: 100_000 }),
    lost: fc.oneof(fc.constant(0), fc.nat({ max: 100_000 })),
    inFlight: fc.nat({ max: 1_000_000 }),
    rate: fc.oneof(fc.constant(0), fc.double({ min: 0.001, max: 10_000, noNaN: true })),
    rtt: fc.option(fc.double({ min: 0, max: 5000, noNaN: true }), { nil: undefined }),
    appLimited: fc.boolean(),
    event: fc.constantFrom('ack', 'ack', 'ack', 'ack', 'path', 'congestion'),
  }),
  { maxLength: 80 },
);

describe.each(CONGESTION_NAMES)('%s, whatever happens,', (name) => {
  it('keeps a window of some packets and a rate above zero, both finite', () => {
    fc.assert(
      fc.property(events, (happened) => {
        const options = { random: new SeededRandom(1), packetBytes: PACKET, rtt: millis(50) };
        const one = createController(name, options, instant(START));
        let now = START;
        let delivered = 0;
        for (const { wait, event, rtt, inFlight, ...rest } of happened) {
          now += wait;
          if (event === 'path') one.onPathChange(millis(30), instant(now));
          if (event === 'congestion') one.onPersistentCongestion(instant(now));
          const priorDelivered = delivered;
          delivered += rest.acked;
          one.onAck({
            ...rest,
            now: instant(now),
            inFlight,
            priorInFlight: inFlight + rest.acked,
            delivered,
            priorDelivered,
            rtt: rtt === undefined ? undefined : millis(rtt),
          });
          expect(one.window).toBeGreaterThanOrEqual(LEAST_PACKETS[name] * PACKET);
          expect(one.pacingRate).toBeGreaterThan(0);
          expect([one.window, one.pacingRate].every(Number.isFinite)).toBe(true);
        }
      }),
      { numRuns: 500 },
    );
  });

  it('does not pace by a stall of the machine after persistent congestion', () => {
    const options = { random: new SeededRandom(1), packetBytes: PACKET, rtt: millis(50) };
    const one = createController(name, options, instant(START));
    for (const [i, rtt] of [20, 20, 20, 8000, 8000, 8000].entries()) {
      one.onAck({
        ...{ acked: PACKET, lost: 0, rate: 60, appLimited: false },
        ...{ inFlight: PACKET, priorInFlight: 2 * PACKET, delivered: (i + 1) * PACKET },
        ...{ priorDelivered: i * PACKET, now: instant(START + 1000 * i), rtt: millis(rtt) },
      });
    }
    one.onPersistentCongestion(instant(START + 9000));
    // Two packets a round trip at least, as it was before.
    expect(one.pacingRate).toBeGreaterThanOrEqual((2 * PACKET) / 20);
  });
});
