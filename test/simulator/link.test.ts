import { describe, expect, it } from 'vitest';
import { after, elapsed, type Instant, instant, millis } from '../../src/protocol/time.ts';
import { EndpointTable } from '../support/endpoint-table.ts';
import { EventQueue } from '../support/event-queue.ts';
import { Link } from '../support/link.ts';
import { burstLoss, type LinkOptions } from '../support/link-options.ts';
import type { Packet } from '../support/packet.ts';
import { SeededRandom } from '../support/seeded-random.ts';

const ORIGIN = instant(5_000);
const endpoints = new EndpointTable();
const from = endpoints.at('192.0.2.1', 1000);
const to = endpoints.at('192.0.2.2', 2000);

interface Arrival {
  readonly number: number;
  readonly payload: Uint8Array;
  /** Milliseconds since the start. */
  readonly at: number;
}

/** Sends `count` packets of 972 bytes, 1,000 on the wire, one each `every` ms, and lets all arrive. */
function traffic(options: LinkOptions, count: number, every = 1, bytes = 972, seed = 4711) {
  const queue = new EventQueue(ORIGIN);
  const arrivals: Arrival[] = [];
  const sink = {
    accept: ({ payload }: Packet, now: Instant) => {
      const number = new DataView(payload.buffer, payload.byteOffset).getUint32(0);
      arrivals.push({ number, payload, at: elapsed(ORIGIN, now) });
    },
  };
  const link = new Link(queue, sink, options, new SeededRandom(seed));
  const feeder = { fire: (_: unknown, now: Instant) => link.send(numbered(next++, bytes), now) };
  let next = 0;
  for (let i = 0; i < count; i += 1) queue.schedule(after(ORIGIN, millis(i * every)), feeder);
  while (queue.size > 0) queue.step();
  return { arrivals, counters: link.counters };
}

function numbered(number: number, bytes: number): Packet {
  const payload = new Uint8Array(bytes);
  new DataView(payload.buffer).setUint32(0, number);
  return { from, to, payload };
}

function gaps(arrivals: readonly Arrival[], count: number): number[] {
  const here = new Set(arrivals.map(({ number }) => number));
  const lengths: number[] = [];
  let length = 0;
  for (let number = 0; number <= count; number += 1) {
    if (!here.has(number) && number < count) length += 1;
    else if (length > 0) {
      lengths.push(length);
      length = 0;
    }
  }
  return lengths;
}

describe('the limits of a link', () => {
  it('carries everything at once and in order when it has no limits', () => {
    const { arrivals } = traffic({}, 3, 10);
    expect(arrivals.map(({ number, at }) => [number, at])).toEqual([
      [0, 0],
      [1, 10],
      [2, 20],
    ]);
  });

  it('delivers at exactly its rate, headers included, after its delay', () => {
    // 1,000 bytes on the wire at 8 Mbit/s take 1 ms.
    const { arrivals } = traffic({ rate: 8_000_000, delay: millis(20), queue: 1e9 }, 10_000, 0);
    expect(arrivals.length).toBe(10_000);
    expect(arrivals[0]?.at).toBeCloseTo(21, 6);
    expect(arrivals[9_999]?.at).toBeCloseTo(10_020, 4);
  });

  it('drops from the tail what its queue does not hold', () => {
    // One on the wire and nine behind it make 10,000 bytes.
    const { arrivals, counters } = traffic({ rate: 8_000_000, queue: 10_000 }, 100, 0);
    expect(arrivals.map(({ number }) => number)).toEqual([0, 1, 2, 3, 4, 5, 6, 7, 8, 9]);
    expect(counters.queueFull).toBe(90);
  });

  it('holds a tenth of a second of its rate when no queue is given', () => {
    expect(traffic({ rate: 8_000_000 }, 1000, 0).arrivals.length).toBe(100);
  });
});

describe('loss on a link', () => {
  it('loses the share of packets that it is told to', () => {
    const { arrivals, counters } = traffic({ loss: 0.1 }, 10_000);
    // The standard deviation is 30.
    expect(Math.abs(counters.lost - 1000)).toBeLessThan(120);
    expect(arrivals.length).toBe(10_000 - counters.lost);
  });

  it('loses packets in bursts of the mean length and rate that it is told', () => {
    const { arrivals, counters } = traffic({ burst: burstLoss(0.05, 8) }, 100_000, 0.01, 12);
    const bursts = gaps(arrivals, 100_000);
    const mean = counters.lostInBurst / bursts.length;
    expect(mean).toBeGreaterThan(7);
    expect(mean).toBeLessThan(9);
    expect(Math.abs(counters.lostInBurst - 5000)).toBeLessThan(750);
    expect(Math.max(...bursts)).toBeGreaterThan(16);
  });

  it('lets a burst pass in a second, however few packets met it', () => {
    const { arrivals } = traffic({ burst: { enter: 0.01, leave: 0 } }, 10_000, 400);
    const bursts = gaps(arrivals, 10_000);
    expect(bursts.length).toBeGreaterThan(50);
    expect(Math.max(...bursts)).toBe(2);
  });
});

describe('delay and order on a link', () => {
  it('lets jitter change delays but never the order', () => {
    const { arrivals } = traffic({ delay: millis(10), jitter: millis(50) }, 1000, 5);
    expect(arrivals.every(({ number }, index) => number === index)).toBe(true);
    const delays = arrivals.map(({ number, at }) => at - 5 * number);
    expect(Math.min(...delays)).toBeGreaterThanOrEqual(10);
    expect(Math.max(...delays)).toBeLessThan(60);
    expect(Math.max(...delays) - Math.min(...delays)).toBeGreaterThan(30);
  });

  it('lets up to `depth` later packets overtake, never more', () => {
    const reorder = { chance: 0.1, depth: 64, delay: millis(1000) };
    const { arrivals, counters } = traffic({ reorder }, 10_000);
    expect(arrivals.length).toBe(10_000);
    expect(Math.abs(counters.reordered - 1000)).toBeLessThan(120);
    const overtakers = arrivals.map(
      ({ number }, index) =>
        arrivals.slice(Math.max(0, index - 130), index).filter((other) => other.number > number)
          .length,
    );
    expect(Math.max(...overtakers)).toBeLessThanOrEqual(64);
    expect(Math.max(...overtakers)).toBeGreaterThan(50);
  });

  it('lets a packet that nobody overtakes arrive after the delay of reordering', () => {
    const reorder = { chance: 1, depth: 64, delay: millis(30) };
    expect(traffic({ delay: millis(5), reorder }, 1).arrivals[0]?.at).toBe(35);
  });

  it('reorders by time alone when no depth is given', () => {
    const { arrivals } = traffic({ reorder: { chance: 0.5, delay: millis(3.5) } }, 1000);
    const delays = new Set(arrivals.map(({ number, at }) => at - number));
    expect([...delays].sort()).toEqual([0, 3.5]);
  });
});

describe('copies and faults on a link', () => {
  it('brings the share of duplicates that it is told to, within their spread', () => {
    const options = { duplicate: 0.1, duplicateSpread: millis(40) };
    const { arrivals, counters } = traffic(options, 10_000);
    expect(Math.abs(counters.duplicated - 1000)).toBeLessThan(120);
    expect(arrivals.length).toBe(10_000 + counters.duplicated);
    const latest = Math.max(...arrivals.map(({ number, at }) => at - number));
    expect(latest).toBeGreaterThan(35);
    expect(latest).toBeLessThan(40);
  });

  it('flips one bit in a copy of the share that it is told to', () => {
    const { arrivals, counters } = traffic({ corrupt: 0.02 }, 10_000, 1, 64);
    expect(Math.abs(counters.corrupted - 200)).toBeLessThan(60);
    const changed = arrivals.map(({ payload }, index) => bitsApart(payload, index));
    expect(changed.filter((bits) => bits === 1).length).toBe(counters.corrupted);
    expect(changed.filter((bits) => bits > 1).length).toBe(0);
  });

  it('lets nothing in during a blackout, whose end is not part of it', () => {
    const { arrivals, counters } = traffic({ blackouts: [[millis(3), millis(6)]] }, 8);
    expect(arrivals.map(({ number }) => number)).toEqual([0, 1, 2, 6, 7]);
    expect(counters.blackedOut).toBe(3);
  });

  it('drops what is larger than its MTU with the 28 bytes of headers', () => {
    expect(traffic({ mtu: 1500 }, 1, 1, 1472).arrivals.length).toBe(1);
    expect(traffic({ mtu: 1500 }, 1, 1, 1473).counters.tooLarge).toBe(1);
  });

  it('loses the same packets whatever other faults are switched on', () => {
    const quiet = traffic({ loss: 0.1 }, 1000).arrivals;
    const noisy = traffic({ loss: 0.1, duplicate: 0.5, jitter: millis(3) }, 1000).arrivals;
    expect(gaps(noisy, 1000)).toEqual(gaps(quiet, 1000));
    const other = traffic({ loss: 0.1 }, 1000, 1, 972, 4712).arrivals;
    expect(gaps(other, 1000)).not.toEqual(gaps(quiet, 1000));
  });
});

describe('a link', () => {
  it('leaves the memory of the sender alone when it corrupts', () => {
    const queue = new EventQueue(ORIGIN);
    const packet = numbered(7, 8);
    const sink = { accept: () => {} };
    new Link(queue, sink, { corrupt: 1 }, new SeededRandom(1)).send(packet, queue.now);
    expect(Array.from(packet.payload)).toEqual([0, 0, 0, 7, 0, 0, 0, 0]);
  });

  it('takes on other properties while it runs', () => {
    const queue = new EventQueue(ORIGIN);
    const arrived: Packet[] = [];
    const sink = { accept: (packet: Packet) => void arrived.push(packet) };
    const link = new Link(queue, sink, { loss: 1 }, new SeededRandom(1));
    link.send(numbered(0, 100), queue.now);
    link.change({});
    link.send(numbered(1, 100), queue.now);
    while (queue.size > 0) queue.step();
    expect(arrived.length).toBe(1);
  });
});

function bitsApart(payload: Uint8Array, number: number): number {
  const sent = numbered(number, payload.length).payload;
  let bits = 0;
  payload.forEach((byte, index) => {
    for (let rest = byte ^ (sent[index] ?? 0); rest > 0; rest &= rest - 1) bits += 1;
  });
  return bits;
}
