import { describe, expect, it } from 'vitest';
import { instant, millis } from '../../../src/protocol/time.ts';
import { PacketState } from '../../../src/protocol/transport/sent-packets.ts';
import { at, history, ranges, START } from './history.ts';

describe('loss by packet threshold (RFC 9002 §6.1.1)', () => {
  it('declares a packet lost once one sent 16 later is acknowledged, and not before', () => {
    const one = history();
    one.send(20);
    one.ack([16, 17], 5);
    expect(one.lost).toEqual([0]);
    one.ack([18, 19], 6);
    expect(one.lost).toEqual([0, 1, 2]);
    expect(one.recovery.inFlight).toBe(15 * 1000);
  });

  it('waits for more after a loss that was none, as far as the packet came late', () => {
    const one = history();
    one.send(200);
    one.ack([40, 41], 80);
    expect(one.lost.length).toBe(25);
    one.ack([0, 1], 80);
    expect(one.recovery.counters).toMatchObject({ lost: 25, spurious: 1 });
    // Packet 0 came 41 late, so now it takes 41: packet 40 + 41 is needed to lose 40 - 1.
    one.ack([79, 80], 80);
    expect(one.lost.filter((n) => n > 24)).toEqual([
      25, 26, 27, 28, 29, 30, 31, 32, 33, 34, 35, 36, 37, 38,
    ]);
  });
});

describe('loss by time threshold (RFC 9002 §6.1.2)', () => {
  it('declares a packet lost 9/8 of a round trip after it was sent, if a later one arrived', () => {
    const one = history();
    one.send(3);
    one.ack([2, 3], 80);
    expect(one.lost).toEqual([]);
    // Smoothed is 80 ms: 90 ms after sending.
    expect(one.recovery.deadline).toBe(START + 90);
    expect(one.recovery.handleTimeout(at(89.9))).toBe(false);
    expect(one.lost).toEqual([]);
    expect(one.recovery.handleTimeout(at(90))).toBe(false);
    expect(one.lost).toEqual([0, 1]);
    expect([one.recovery.inFlight, one.recovery.deadline]).toEqual([0, undefined]);
  });

  it('waits at least the granularity of timers', () => {
    const one = history(0.1);
    one.send(2);
    one.ack([1, 2], 0.1);
    expect(one.recovery.deadline).toBe(START + 1);
  });

  it('never loses a packet after which nothing was acknowledged', () => {
    const one = history();
    one.send(3);
    one.ack([0, 1], 80);
    one.recovery.handleTimeout(at(5000));
    expect(one.lost).toEqual([]);
  });
});

describe('the probe timeout (RFC 9002 §6.2)', () => {
  it('is smoothed + 4 variations + the ACK delay, doubled each time up to two seconds', () => {
    const one = history();
    one.send(1);
    // 100 + 4 * 50 + 2 * 5 ms.
    expect(one.recovery.deadline).toBe(START + 310);
    expect(one.recovery.handleTimeout(at(309))).toBe(false);
    let now = 0;
    const intervals: number[] = [];
    for (let i = 0; i < 6; i += 1) {
      const next = (one.recovery.deadline ?? 0) - START;
      intervals.push(next - now);
      now = next;
      expect(one.recovery.handleTimeout(at(now))).toBe(true);
    }
    expect(intervals).toEqual([310, 620, 1240, 2000, 2000, 2000]);
  });

  it('may exceed two seconds only where the round trip itself is that long', () => {
    const one = history(1500);
    one.send(1);
    one.recovery.handleTimeout(at(4510));
    one.recovery.handleTimeout(at(20_000));
    one.recovery.handleTimeout(at(60_000));
    // 1,500 + 4 * 750 + 10, and no more than twice that.
    expect(one.recovery.probeInterval).toBe(9020);
  });
});

describe('probe timeouts in a row', () => {
  it('end with any acknowledgement', () => {
    const one = history();
    one.send(2);
    one.recovery.handleTimeout(at(310));
    one.recovery.handleTimeout(at(1000));
    one.ack([0, 1], 1100);
    expect(one.recovery.probeInterval).toBe(millis(1100 + 4 * 550 + 10));
  });

  it('end with that of a packet without a slice, too', () => {
    const one = history();
    for (const start of [0, 2000, 4000]) {
      one.recovery.onPingSent(at(start));
      one.recovery.handleTimeout(at(start + 1000));
      const probe = one.recovery.onPingSent(at(start + 1000));
      one.ack([probe, probe + 1], start + 1100);
    }
    expect(one.recovery.probeInterval).toBeLessThan(310);
    expect(one.recovery.starvedProbes).toBe(0);
  });

  it('starve slices for as long as none comes through, whatever else does', () => {
    const one = history();
    for (const start of [0, 2000]) {
      one.send(1, start);
      one.recovery.handleTimeout(at(start + 1000));
      const probe = one.recovery.onPingSent(at(start + 1000));
      one.ack([probe, probe + 1], start + 1100);
    }
    expect([one.lost, one.recovery.starvedProbes]).toEqual([[0, 2], 2]);
    one.send(1, 4000);
    one.ack([4, 5], 4100);
    expect(one.recovery.starvedProbes).toBe(0);
  });
});

describe('the probe timer', () => {
  it('does not run while nothing is in flight', () => {
    const one = history();
    expect(one.recovery.deadline).toBeUndefined();
    one.send(1);
    one.ack([0, 1], 50);
    expect(one.recovery.deadline).toBeUndefined();
    expect(one.recovery.handleTimeout(at(9999))).toBe(false);
  });

  it('repeats the oldest packets that are in flight', () => {
    const one = history();
    one.send(5);
    one.ack([0, 1], 50);
    const oldest: number[] = [];
    one.recovery.oldestInFlight(2, (record) => oldest.push(record));
    expect(oldest).toEqual([1, 2]);
  });

  it('finds them at once behind a long history of packets that were never in flight', () => {
    const one = history();
    for (let i = 0; i < 8191; i += 1) one.recovery.packets.push(PacketState.untracked, 1, at(0));
    one.send(2);
    const oldest: number[] = [];
    one.recovery.oldestInFlight(1, (record) => oldest.push(record));
    expect(oldest).toEqual([8191]);
  });
});

describe('a peer that acknowledges what it cannot have', () => {
  it('is caught by a number that was never sent', () => {
    const one = history();
    one.send(3);
    expect(one.recovery.onAck(ranges([0, 4]), millis(0), at(10))).toBe(false);
    expect(one.acked).toEqual([]);
  });

  it('is caught by a number that was skipped (RFC 9000 §21.4)', () => {
    const one = history();
    one.send(3);
    one.recovery.packets.push(PacketState.skipped, 1, at(0));
    one.send(3);
    expect(one.recovery.onAck(ranges([0, 3], [4, 7]), millis(0), at(10))).toBe(true);
    expect(one.recovery.onAck(ranges([0, 7]), millis(0), at(11))).toBe(false);
  });
});

describe('acknowledgements', () => {
  it('count once, however often they are repeated', () => {
    const one = history();
    one.send(10);
    one.ack([2, 5], 50);
    one.ack([2, 7], 51);
    one.ack([2, 7], 52);
    expect(one.acked).toEqual([2, 3, 4, 5, 6]);
    expect(one.recovery.inFlight).toBe(5000);
  });

  it('give a round-trip time only from the largest number, and only when it is new', () => {
    const one = history();
    one.send(10);
    one.ack([5, 6], 40);
    one.ack([0, 6], 70);
    expect(one.recovery.rtt.latest).toBe(40);
    one.ack([0, 7], 90);
    expect(one.recovery.rtt.latest).toBe(90);
  });

  it('of a peer that slept for minutes give no round-trip time; those of a slow path do', () => {
    const wait = (until: number) => {
      const one = history();
      one.send(10);
      for (let now = one.recovery.deadline ?? 0; now < START + until; ) {
        one.recovery.handleTimeout(instant(now));
        now = one.recovery.deadline ?? Number.POSITIVE_INFINITY;
      }
      one.ack([0, 10], until);
      expect(one.acked.length).toBe(10);
      return one.recovery;
    };
    expect(wait(300_000).rtt.smoothed).toBe(100);
    expect(wait(300_000).probeInterval).toBeLessThan(500);
    expect(wait(1900).rtt.latest).toBe(1900);
  });

  it('reach packets from long ago: the history grows with what is in flight', () => {
    const one = history();
    one.send(10_000);
    expect(one.recovery.packets.base).toBe(0);
    for (let n = 0; n < 10_000; n += 500) one.ack([n, n + 500], 50 + n / 500);
    expect(one.acked.length).toBe(10_000);
    expect(one.acked[9_999]).toBe(9_999);
    expect([one.recovery.inFlight, one.lost.length]).toEqual([0, 0]);
  });

  it('let the history forget what is settled', () => {
    const one = history();
    for (let round = 0; round < 20; round += 1) {
      one.send(1000);
      one.ack([round * 1000, round * 1000 + 1000], round);
    }
    expect(one.recovery.packets.base).toBeGreaterThan(14_000);
    // Far behind the history: no harm, no effect.
    expect(one.recovery.onAck(ranges([0, 20_000]), millis(0), instant(START + 30))).toBe(true);
  });
});
