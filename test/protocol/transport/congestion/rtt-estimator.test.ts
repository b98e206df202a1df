import { expect, it } from 'vitest';
import { millis } from '../../../../src/protocol/time.ts';
import { RttEstimator } from '../../../../src/protocol/transport/congestion/rtt-estimator.ts';

const NO_DELAY = millis(0);

it('starts from what the handshake measured, with half of it as variation (RFC 9002 §5.3)', () => {
  const rtt = new RttEstimator(millis(80));
  expect([rtt.latest, rtt.smoothed, rtt.min]).toEqual([80, 80, 80]);
  // 80 + 4 * 40 + 25.
  expect(rtt.probeTimeout(millis(25))).toBe(265);
});

it('follows a series computed by hand (RFC 9002 §5.3)', () => {
  const rtt = new RttEstimator(millis(333));
  rtt.onSample(millis(100), NO_DELAY);
  // The first sample replaces everything: smoothed 100, variation 50.
  expect([rtt.smoothed, rtt.probeTimeout(NO_DELAY)]).toEqual([100, 300]);
  rtt.onSample(millis(120), NO_DELAY);
  // Variation 0.75 * 50 + 0.25 * |100 - 120| = 42.5; smoothed 0.875 * 100 + 0.125 * 120 = 102.5.
  expect([rtt.smoothed, rtt.probeTimeout(NO_DELAY)]).toEqual([102.5, 272.5]);
  rtt.onSample(millis(90), NO_DELAY);
  // Variation 0.75 * 42.5 + 0.25 * 12.5 = 35; smoothed 0.875 * 102.5 + 0.125 * 90 = 100.9375.
  expect([rtt.smoothed, rtt.probeTimeout(NO_DELAY)]).toEqual([100.9375, 240.9375]);
  expect([rtt.latest, rtt.min]).toEqual([90, 90]);
});

it('subtracts the ACK delay, but never below the minimum', () => {
  const rtt = new RttEstimator(millis(333));
  rtt.onSample(millis(100), NO_DELAY);
  rtt.onSample(millis(110), millis(10));
  // 110 - 10 = 100: nothing moves but the variation, to 0.75 * 50.
  expect([rtt.smoothed, rtt.probeTimeout(NO_DELAY)]).toEqual([100, 250]);
  rtt.onSample(millis(108), millis(10));
  // 98 would lie below the minimum of 100: so 108 counts. 0.875 * 100 + 0.125 * 108.
  expect(rtt.smoothed).toBe(101);
});

it('takes the minimum from samples as they are, without ACK delay (RFC 9002 §5.2)', () => {
  const rtt = new RttEstimator(millis(20));
  rtt.onSample(millis(50), millis(40));
  expect(rtt.min).toBe(50);
  rtt.onSample(millis(45), millis(40));
  expect(rtt.min).toBe(45);
});

it('lets the variation count for at least the granularity of timers', () => {
  const rtt = new RttEstimator(millis(0.2));
  for (let i = 0; i < 40; i += 1) rtt.onSample(millis(0.2), NO_DELAY);
  expect(rtt.probeTimeout(NO_DELAY)).toBeCloseTo(1.2, 3);
});

it('forgets a path with the path: the next sample starts over', () => {
  const rtt = new RttEstimator(millis(10));
  rtt.onSample(millis(10), NO_DELAY);
  rtt.reset(millis(200));
  expect([rtt.smoothed, rtt.min]).toEqual([200, 200]);
  rtt.onSample(millis(240), NO_DELAY);
  expect([rtt.smoothed, rtt.min]).toEqual([240, 240]);
});
