import { describe, expect, it } from 'vitest';
import { instant, millis } from '../../../src/protocol/time.ts';
import { AckTracker } from '../../../src/protocol/transport/ack-tracker.ts';

const RTT = millis(16);
const START = 1000;

/** A tracker past its first packets: 0 to 31 have come and are acknowledged. */
function settled(): AckTracker {
  const tracker = new AckTracker();
  for (let n = 0; n < 32; n += 1) tracker.onPackets(n, 1, 1168, RTT, instant(START));
  tracker.onAckSent(0, instant(START));
  return tracker;
}

describe('when an ACK is due', () => {
  it('never, while nothing that asks for one has come', () => {
    const tracker = new AckTracker();
    expect(tracker.deadline).toBeUndefined();
    tracker.onPackets(0, 1, 0, RTT, instant(START));
    expect([tracker.deadline, tracker.largest]).toEqual([undefined, 0]);
  });

  it('at once for each of the first 32 packets', () => {
    const tracker = new AckTracker();
    for (let n = 0; n < 33; n += 1) {
      tracker.onPackets(n, 1, 1168, RTT, instant(START + n));
      expect(tracker.deadline).toBe(n < 32 ? START + n : START + n + 2);
      tracker.onAckSent(0, instant(START + n));
    }
  });

  it.each([
    [4, 1],
    [16, 2],
    [24, 3],
    [400, 5],
  ])('with a round trip of %i ms after %i ms, an eighth, from 1 to 5 ms', (rtt, delay) => {
    const tracker = settled();
    tracker.onPackets(32, 1, 1168, millis(rtt), instant(START + 10));
    tracker.onPackets(33, 1, 1168, millis(rtt), instant(START + 10.5));
    expect(tracker.deadline).toBe(START + 10 + delay);
  });

  it('at once after 512 KiB', () => {
    const tracker = settled();
    tracker.onPackets(32, 1, 512 * 1024 - 1, RTT, instant(START + 10));
    expect(tracker.deadline).toBe(START + 12);
    tracker.onPackets(33, 1, 1, RTT, instant(START + 11));
    expect(tracker.deadline).toBe(START + 11);
  });

  it('at once for a gap, but not twice within a millisecond', () => {
    const tracker = settled();
    tracker.onPackets(33, 1, 1168, RTT, instant(START + 10));
    expect(tracker.deadline).toBe(START + 10);
    tracker.onAckSent(0, instant(START + 10));
    tracker.onPackets(35, 1, 1168, RTT, instant(START + 10.5));
    expect(tracker.deadline).toBe(START + 12.5);
    tracker.onPackets(37, 1, 1168, RTT, instant(START + 11));
    expect(tracker.deadline).toBe(START + 11);
  });

  it('at once when credit has grown by 16 records since it was last told', () => {
    const tracker = settled();
    tracker.onCreditGrown(15, instant(START + 1));
    expect(tracker.deadline).toBeUndefined();
    tracker.onCreditGrown(16, instant(START + 2));
    expect(tracker.deadline).toBe(START + 2);
    tracker.onAckSent(16, instant(START + 2));
    tracker.onCreditGrown(31, instant(START + 3));
    expect(tracker.deadline).toBeUndefined();
  });

  it('again on request only when a span has passed since the last one', () => {
    const tracker = settled();
    tracker.requestAgain(millis(20), instant(START + 19));
    expect(tracker.deadline).toBeUndefined();
    tracker.requestAgain(millis(20), instant(START + 20));
    expect(tracker.deadline).toBe(START + 20);
  });
});

describe('what an ACK says', () => {
  it('is how long ago the largest number came, in microseconds', () => {
    const tracker = settled();
    tracker.onPackets(40, 1, 1168, RTT, instant(START + 10));
    tracker.onPackets(35, 1, 1168, RTT, instant(START + 12));
    expect([tracker.largest, tracker.delayMicros(instant(START + 12.25))]).toEqual([40, 2250]);
  });

  it('never comes from more than 256 ranges: below them all counts as seen', () => {
    const tracker = new AckTracker();
    for (let n = 0; n < 2000; n += 2) tracker.onPackets(n, 1, 1168, RTT, instant(START));
    expect(tracker.received.rangeCount).toBe(256);
    // The lowest of the 256 kept numbers is 2 * (1000 - 256).
    expect(tracker.received.start(0)).toBe(1488);
    expect(
      [1, 1486, 1487, 1488, 1489, 1998, 1999, 2000].map((n) => tracker.isDuplicate(n)),
    ).toEqual([true, true, true, true, false, true, false, false]);
  });
});
