import { describe, expect, it } from 'vitest';
import type { Machine, Transmit } from '../../src/protocol/machine.ts';
import { after, elapsed, type Instant, millis } from '../../src/protocol/time.ts';
import { UNSPECIFIED } from '../../src/protocol/wire/endpoint.ts';
import type { DriverOptions } from '../support/driver.ts';
import { Simulation } from '../support/simulator.ts';
import { Peer, type Received } from './machines.ts';

/** A machine that does nothing, but for what the test gives it. */
function machine(parts: Partial<Machine<string>>): Machine<string> {
  return {
    handleBatch: () => {},
    handleTimeout: () => {},
    pollTransmit: () => undefined,
    pollEvent: () => undefined,
    pollTimeout: () => undefined,
    ...parts,
  };
}

function lonely(parts: Partial<Machine<string>>, options: DriverOptions<string> = {}) {
  const sim = new Simulation({ seed: 42 });
  const host = sim.internet().host('192.0.2.1');
  const driver = host.run(machine(parts), { port: 1, ...options });
  return { sim, host, driver };
}

/** What a peer gets, and when, if another sends these payloads at these times. */
function batches(
  sends: readonly { at: number; payload: Uint8Array; segmentSize?: number }[],
  options: DriverOptions<Received> = {},
): number[] {
  const sim = new Simulation({ seed: 1 });
  const [near, far] = [sim.internet().host('192.0.2.1'), sim.internet().host('192.0.2.2')];
  const [alice, bob] = [new Peer(), new Peer()];
  const driver = near.run(alice, { port: 1 });
  far.run(bob, { port: 1, ...options });
  for (const { at, payload, segmentSize = payload.length } of sends) {
    sim.after(millis(at), () => {
      alice.say(far.endpoint(1), payload, segmentSize);
      driver.poke();
    });
  }
  sim.run({ within: millis(1000) });
  return bob.received.map(({ bytes }) => bytes.length);
}

function bytes(length: number): Uint8Array {
  return new Uint8Array(length);
}

describe('coalescing', () => {
  it('joins the equal datagrams of one send, the last of which is shorter', () => {
    expect(batches([{ at: 0, payload: bytes(2500), segmentSize: 1200 }])).toEqual([2500]);
  });

  it('gives datagrams one by one when it is switched off', () => {
    const sends = [{ at: 0, payload: bytes(2500), segmentSize: 1200 }];
    expect(batches(sends, { coalesce: false })).toEqual([1200, 1200, 100]);
  });

  it('begins anew after a shorter datagram, and with a larger one', () => {
    const sizes = [100, 100, 60, 60, 100];
    const sends = sizes.map((size) => ({ at: 0, payload: bytes(size) }));
    expect(batches(sends)).toEqual([260, 60, 100]);
  });

  it('joins at most 64 datagrams and 64,000 bytes', () => {
    const small = Array.from({ length: 70 }, () => ({ at: 0, payload: bytes(10) }));
    expect(batches(small)).toEqual([640, 60]);
    const large = Array.from({ length: 50 }, () => ({ at: 0, payload: bytes(1_472) }));
    expect(batches(large)).toEqual([63_296, 1_472 * 7]);
  });

  it('joins what comes within its window, but not what comes at different instants without one', () => {
    const sends = [0, 0.5, 3].map((at) => ({ at, payload: bytes(10) }));
    expect(batches(sends)).toEqual([10, 10, 10]);
    expect(batches(sends, { coalesce: millis(1) })).toEqual([20, 10]);
  });

  it('keeps datagrams of different senders apart', () => {
    const sim = new Simulation({ seed: 1 });
    const [near, far] = [sim.internet().host('192.0.2.1'), sim.internet().host('192.0.2.2')];
    const bob = new Peer();
    far.run(bob, { port: 1 });
    for (const port of [1, 2]) {
      const peer = new Peer().say(far.endpoint(1), bytes(20), 10);
      near.run(peer, { port });
    }
    sim.run({ within: millis(1000) });
    expect(bob.received.map(({ remote, bytes }) => [remote.port, bytes.length])).toEqual([
      [1, 20],
      [2, 20],
    ]);
  });
});

describe('memory', () => {
  it('spoils a batch after the call, so that a machine that keeps it is found out', () => {
    const sim = new Simulation({ seed: 1 });
    const [near, far] = [sim.internet().host('192.0.2.1'), sim.internet().host('192.0.2.2')];
    const kept: Uint8Array[] = [];
    far.run(machine({ handleBatch: (batch) => void kept.push(batch) }), { port: 1 });
    near.run(new Peer().say(far.endpoint(1), bytes(3)), { port: 1 });
    sim.run({ within: millis(1000) });
    expect(kept.map((batch) => Array.from(batch))).toEqual([[0xdb, 0xdb, 0xdb]]);
  });

  it('gives a payload back exactly once, and does not look at it again', () => {
    const sim = new Simulation({ seed: 1 });
    const [near, far] = [sim.internet().host('192.0.2.1'), sim.internet().host('192.0.2.2')];
    const bob = new Peer();
    far.run(bob, { port: 1 });
    const payload = Uint8Array.of(7, 7);
    let released = 0;
    const release = () => {
      released += 1;
      payload.fill(0);
    };
    const transmits: Transmit[] = [{ remote: far.endpoint(1), payload, segmentSize: 2, release }];
    near.run(machine({ pollTransmit: () => transmits.pop() }), { port: 1 });
    sim.run({ within: millis(1000) });
    expect(released).toBe(1);
    expect(bob.received[0]?.bytes).toEqual([7, 7]);
  });
});

/** A machine that wants to be woken `span` after each time it was woken. */
function metronome(span: number, woken: number[]) {
  let start: Instant | undefined;
  let deadline: Instant | undefined;
  return machine({
    pollTransmit: (now) => {
      start ??= now;
      deadline ??= after(now, millis(span));
      return undefined;
    },
    handleTimeout: (now) => {
      woken.push(elapsed(start as Instant, now));
      deadline = after(now, millis(span));
    },
    pollTimeout: () => deadline,
  });
}

describe('timers', () => {
  it('fire at their deadlines', () => {
    const woken: number[] = [];
    lonely(metronome(100, woken)).sim.run({ within: millis(350) });
    expect(woken).toEqual([100, 200, 300]);
  });

  it('fire late within the bound that is asked for', () => {
    const woken: number[] = [];
    const { sim } = lonely(metronome(100, woken), { lateness: millis(20) });
    sim.run({ within: millis(11_000) });
    const late = woken.map((at, index) => at - (woken[index - 1] ?? 0) - 100);
    expect(Math.min(...late)).toBeGreaterThanOrEqual(0);
    expect(Math.max(...late)).toBeLessThan(20.001);
    expect(Math.max(...late)).toBeGreaterThan(15);
  });

  it.each([
    ['later', [50, 90], 90],
    ['earlier', [90, 50], 50],
    ['later, then earlier', [50, 90, 70], 70],
  ] as const)('follow a deadline that moves %s', (_, dues, last) => {
    const fired: number[] = [];
    const deadline: { at: Instant | undefined } = { at: undefined };
    const handleTimeout = (now: Instant) => {
      fired.push(now);
      deadline.at = undefined;
    };
    const { sim, host } = lonely({ pollTimeout: () => deadline.at, handleTimeout });
    const start = sim.now;
    dues.forEach((due, index) => {
      sim.after(millis(10 * index), () => {
        deadline.at = after(start, millis(due));
        host.poke();
      });
    });
    sim.run({ within: millis(1000) });
    expect(fired.map((at) => at - start)).toEqual([last]);
  });

  it('do not fire for a machine that was stopped', () => {
    const woken: number[] = [];
    const { sim, driver } = lonely(metronome(100, woken));
    sim.after(millis(150), () => driver.stop());
    sim.run({ within: millis(1000) });
    expect(woken).toEqual([100]);
  });
});

describe('driving', () => {
  it('tells events and then a tick, and drains what an event made the machine want to send', () => {
    const told: string[] = [];
    const events = ['first', 'second'];
    const transmits: Transmit[] = [];
    const remote = { address: '192.0.2.9', port: 9 };
    const onEvent = (event: string) => {
      told.push(event);
      transmits.push({ remote, payload: bytes(1), segmentSize: 1 });
    };
    const { sim, host } = lonely(
      { pollEvent: () => events.shift(), pollTransmit: () => transmits.shift() },
      { onEvent, onTick: () => told.push(`tick after ${host.counters.sent}`) },
    );
    sim.run({ within: millis(1) });
    expect(told).toEqual(['first', 'second', 'tick after 2']);
  });

  it.each([
    [
      'transmits',
      { pollTransmit: () => ({ remote: UNSPECIFIED, payload: bytes(1), segmentSize: 1 }) },
    ],
    ['events', { pollEvent: () => 'again' }],
    ['past deadlines', { pollTimeout: () => 1 as Instant }],
  ])('ends with the seed in the message when %s come without end', (_, parts) => {
    const { sim } = lonely(parts);
    expect(() => sim.run({ within: millis(1000) })).toThrow(/^seed 42: livelock.*192\.0\.2\.1:1/);
  });

  it.each([
    [0, 1],
    [10, 0],
    [65, 1],
    [65_001, 65_001],
  ])('refuses to send %d bytes in segments of %d, which no kernel takes', (length, segmentSize) => {
    const transmit = { remote: UNSPECIFIED, payload: bytes(length), segmentSize };
    const { sim } = lonely({ pollTransmit: () => transmit });
    expect(() => sim.run({ within: millis(1) })).toThrow('unreachable');
  });
});
