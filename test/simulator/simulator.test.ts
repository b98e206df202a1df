import { describe, expect, it } from 'vitest';
import { millis } from '../../src/protocol/time.ts';
import { NAT } from '../support/nat.ts';
import { bothWays, FAULTS, hostAt } from '../support/scenarios.ts';
import { Simulation } from '../support/simulator.ts';
import { Echo, Peer } from './machines.ts';

const HELLO = Uint8Array.of(1, 2, 3);

/** Two hosts on the internet with a peer each, on port 1. */
function pair(seed = 1) {
  const sim = new Simulation({ seed });
  const internet = sim.internet();
  const [alice, bob] = [new Peer(), new Peer()];
  const [near, far] = [internet.host('192.0.2.1'), internet.host('192.0.2.2')];
  const [aliceDriver, bobDriver] = [near.run(alice, { port: 1 }), far.run(bob, { port: 1 })];
  const toBob = far.endpoint(1);
  const settle = () => sim.run({ within: millis(1000) });
  return { sim, internet, alice, bob, near, far, aliceDriver, bobDriver, toBob, settle };
}

describe('the internet', () => {
  it('brings a datagram to the other host after the delay of both lines', () => {
    const { sim, alice, bob, toBob, near, far } = pair();
    alice.say(toBob, HELLO);
    expect(sim.run({ until: () => bob.received.length > 0, within: millis(1000) })).toBe(true);
    expect(bob.received[0]?.bytes).toEqual([1, 2, 3]);
    expect(bob.received[0]?.remote).toEqual({ address: '192.0.2.1', port: 1 });
    expect(sim.elapsed).toBe(10);
    expect([near.counters.sent, far.counters.received]).toEqual([1, 1]);
    expect([near.counters.sentBytes, far.counters.receivedBytes]).toEqual([3, 3]);
  });
});

describe('routing', () => {
  it('lets hosts of one private network talk without their NAT', () => {
    const sim = new Simulation({ seed: 1 });
    const home = sim.internet().nat('198.51.100.10', NAT.symmetric);
    const bob = new Peer();
    const host = home.host('10.0.1.3');
    host.run(bob, { port: 2 });
    home.host('10.0.1.2').run(new Peer().say(host.endpoint(2), HELLO), { port: 1 });
    sim.run({ within: millis(10) });
    expect(bob.received[0]?.remote).toEqual({ address: '10.0.1.2', port: 1 });
    expect(home.router.counters.outbound).toBe(0);
  });

  it('has no way to private addresses elsewhere', () => {
    const sim = new Simulation({ seed: 1 });
    const internet = sim.internet();
    const bob = new Peer();
    const host = internet.nat('198.51.100.20', NAT.fullCone).host('10.0.2.2');
    host.run(bob, { port: 2 });
    const home = internet.nat('198.51.100.10', NAT.fullCone);
    home.host('10.0.1.2').run(new Peer().say(host.endpoint(2), HELLO), { port: 1 });
    sim.run({ within: millis(1000) });
    expect(bob.received).toEqual([]);
    expect(internet.counters.unroutable).toBe(1);
  });

  it.each(['10.0.0.1', '100.64.0.1', '172.20.0.1', '192.168.1.1', '127.0.0.1', '169.254.1.1'])(
    'refuses %s as an address on the internet',
    (address) => {
      const internet = new Simulation({ seed: 1 }).internet();
      expect(() => internet.host(address)).toThrow('not routable');
      expect(() => internet.nat(address, NAT.fullCone)).toThrow('not routable');
    },
  );

  it('goes through nested NATs, each of which translates', () => {
    const sim = new Simulation({ seed: 1 });
    const internet = sim.internet();
    const carrier = internet.nat('198.51.100.30', { ...NAT.fullCone, allocation: 'sequential' });
    const home = carrier.nat('100.64.0.11', NAT.portRestricted);
    const [alice, bob] = [new Peer(), new Peer()];
    const server = internet.host('203.0.113.1');
    const driver = server.run(bob, { port: 9420 });
    home.host('10.0.1.2').run(alice.say(server.endpoint(9420), HELLO), { port: 1 });
    sim.run({ within: millis(1000) });
    const seen = bob.received[0]?.remote;
    expect(seen?.address).toBe('198.51.100.30');
    if (seen !== undefined) bob.say(seen, HELLO);
    driver.poke();
    sim.run({ within: millis(1000) });
    expect(alice.received[0]?.remote).toEqual({ address: '203.0.113.1', port: 9420 });
  });
});

describe('hosts', () => {
  it('brings a host its own datagrams without any line', () => {
    const { alice, near, aliceDriver, settle } = pair();
    const other = new Peer();
    near.run(other, { port: 2 });
    alice.say(near.endpoint(2), HELLO);
    aliceDriver.poke();
    settle();
    expect(other.received.length).toBe(1);
    expect(near.line.up.counters.offered).toBe(0);
  });

  it('counts what comes to a port on which nothing runs, and frees the port of what was stopped', () => {
    const { alice, bob, far, bobDriver, toBob, settle } = pair();
    bobDriver.stop();
    alice.say(toBob, HELLO);
    settle();
    expect([bob.received.length, far.counters.unheard]).toEqual([0, 1]);
    expect(() => far.run(new Peer(), { port: 1 })).not.toThrow();
    expect(() => far.run(new Peer(), { port: 1 })).toThrow('is taken');
  });

  it.each(['none', 'symmetric'] as const)('places a host at a site with nat %s', (name) => {
    const { sim, internet, bob, toBob } = pair();
    const site = { publicAddress: '198.51.100.10', privateAddress: '10.0.1.2' };
    const host = hostAt(internet, { ...site, nat: NAT[name] });
    host.run(new Peer().say(toBob, HELLO), { port: 5000 });
    sim.run({ within: millis(1000) });
    expect(host.address).toBe(name === 'none' ? '198.51.100.10' : '10.0.1.2');
    expect(bob.received[0]?.remote.address).toBe('198.51.100.10');
  });
});

describe('taps', () => {
  it('see, drop, change and multiply what is on the public internet', () => {
    const { sim, alice, bob, toBob, settle } = pair();
    const seen: number[] = [];
    sim.tap(({ payload: [first = 0] }) => {
      seen.push(first);
      if (first === 1) return 'drop';
      if (first === 2) return Uint8Array.of(20);
      return first === 3 ? [Uint8Array.of(30), Uint8Array.of(31, 32)] : 'pass';
    });
    for (const first of [1, 2, 3, 4]) alice.say(toBob, Uint8Array.of(first));
    settle();
    expect(seen).toEqual([1, 2, 3, 4]);
    expect(bob.received.flatMap(({ bytes }) => bytes)).toEqual([20, 30, 31, 32, 4]);
  });

  it('do not see what is injected, which may claim any source', () => {
    const { sim, bob, toBob, settle } = pair();
    sim.tap(() => 'drop');
    const from = { address: '203.0.113.66', port: 6 };
    sim.inject({ from, to: { ...toBob }, payload: HELLO });
    settle();
    expect(bob.received[0]?.remote).toEqual(from);
  });
});

describe('time', () => {
  it('does not start at zero and jumps to the end when nothing is left', () => {
    const { sim } = pair();
    expect(sim.now).toBeGreaterThan(1000);
    expect(sim.run({ within: millis(60_000) })).toBe(false);
    expect(sim.elapsed).toBe(60_000);
  });

  it('lets an action of the test happen when it is due', () => {
    const { sim, aliceDriver, alice, bob, toBob } = pair();
    sim.after(millis(500), () => {
      alice.say(toBob, HELLO);
      aliceDriver.poke();
    });
    sim.run({ until: () => bob.received.length > 0, within: millis(1000) });
    expect(sim.elapsed).toBe(510);
  });

  it('ends with the seed in the message when the event budget is spent', () => {
    const sim = new Simulation({ seed: 815, eventBudget: 1000 });
    const [near, far] = [sim.internet().host('192.0.2.1'), sim.internet().host('192.0.2.2')];
    near.run(new Echo(1e9, 10, far.endpoint(1)), { port: 1 });
    far.run(new Echo(1e9, 10), { port: 1 });
    expect(() => sim.run({ within: millis(1e9) })).toThrow('seed 815: the event budget is spent');
  });
});

/** The fingerprint of a noisy conversation. */
function noisyRun(seed: number): string {
  const sim = new Simulation({ seed });
  const internet = sim.internet();
  const noise = { ...FAULTS['loss of 10 %'].up, jitter: millis(3), corrupt: 0.1, duplicate: 0.1 };
  const far = internet.host('203.0.113.1', bothWays(noise));
  const near = internet.nat('198.51.100.10', NAT.symmetric).host('10.0.1.2');
  far.run(new Echo(1e9, 100), { port: 9420, lateness: millis(1) });
  for (let port = 1; port <= 50; port += 1) {
    near.run(new Echo(1e9, 100, far.endpoint(9420)), { port });
  }
  sim.run({ within: millis(2000) });
  expect(far.counters.received).toBeGreaterThan(200);
  return sim.fingerprint;
}

describe('a simulation', () => {
  it('runs alike with one seed and otherwise with another', () => {
    const first = noisyRun(1);
    expect(noisyRun(1)).toBe(first);
    expect(noisyRun(2)).not.toBe(first);
  });

  it('carries 100,000 packets between two echoes', () => {
    const sim = new Simulation({ seed: 1 });
    const internet = sim.internet();
    const far = internet.host('203.0.113.1');
    const near = internet.nat('198.51.100.10', NAT.portRestricted).host('10.0.1.2');
    const echo = new Echo(50_000, 1200);
    far.run(echo, { port: 1 });
    for (let port = 1; port <= 100; port += 1) {
      near.run(new Echo(500, 1200, far.endpoint(1)), { port });
    }
    expect(sim.run({ until: () => echo.answered === 50_000, within: millis(1e6) })).toBe(true);
    expect(near.counters.sent + far.counters.sent).toBe(100_000);
    // 500 round trips of 20.2 ms, the last one cut short at the far end.
    expect(sim.elapsed).toBeCloseTo(499 * 20.2 + 10.1, 3);
  });
});
