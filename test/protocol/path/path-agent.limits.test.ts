import { describe, expect, it } from 'vitest';
import { limits } from '../../../src/protocol/path/limits.ts';
import { PathAgent } from '../../../src/protocol/path/path-agent.ts';
import type { Endpoint } from '../../../src/protocol/wire/endpoint.ts';
import { connected, PathNetwork, threeWays } from './network.ts';
import { agentOptions, at, endpoint, requestOfA } from './support.ts';

const attacker = endpoint('198.18.6.6:6666');

function both(): PathNetwork {
  const { direct, relay } = threeWays();
  return connected([direct, relay]);
}

function agent(): PathAgent {
  return new PathAgent(agentOptions('b'), at(0));
}

function host(port: number): { kind: 'host'; endpoint: Endpoint } {
  return { kind: 'host', endpoint: { address: '203.0.113.7', port } };
}

describe('limits', () => {
  it('takes 16 candidates from the peer, and none twice', () => {
    const b = agent();
    for (let i = 0; i < 40; i += 1) b.addCandidate(host(2000 + (i >> 1)), at(0));
    expect(b.paths).toHaveLength(16);
    expect(b.counters.refused).toBe(8);
  });

  it('learns up to 24 together, and then forgets the learnt one longest silent', () => {
    const b = agent();
    for (let i = 0; i < 16; i += 1) b.addCandidate(host(2000 + i), at(0));
    for (let i = 0; i < 20; i += 1) {
      b.handleBatch(requestOfA(1 + i), { ...attacker, port: 3000 + i }, at(i));
    }
    const ports = b.paths.map(({ remote }) => remote.port);
    expect(ports).toHaveLength(24);
    expect(ports.slice(16)).toEqual([3012, 3013, 3014, 3015, 3016, 3017, 3018, 3019]);
  });

  it('never forgets the learnt path in use, even when it is lost', () => {
    const { direct } = threeWays();
    const network = new PathNetwork([direct]);
    network.agents.a.addCandidate({ kind: 'srflx', endpoint: direct.b }, network.now);
    network.run(2000);
    direct.open = 'none';
    network.run(10_000);
    for (let i = 0; i < 40; i += 1) {
      network.inject('b', requestOfA(9000 + i), { ...attacker, port: 3000 + i });
    }
    expect(network.selected('b')).toBe('prflx 198.51.100.1:4000');
    expect(network.status('b', direct.a)?.selected).toBe(true);
  });

  it('queues 64 answers at most', () => {
    const b = agent();
    const batch = Uint8Array.from(
      Array.from({ length: 100 }, (_, i) => [...requestOfA(1 + i)]).flat(),
    );
    b.handleBatch(batch, attacker, at(0));
    let answers = 0;
    while (b.pollTransmit(at(0)) !== undefined) answers += 1;
    expect(answers).toBe(64);
    expect(b.counters.overflowed).toBe(36);
  });

  it('never sends a stranger more bytes than came', () => {
    const network = both();
    for (let i = 0; i < 50; i += 1) network.inject('b', new Uint8Array(i).fill(0x42), attacker);
    expect(network.sent.filter(({ to }) => to.port === attacker.port)).toEqual([]);
  });
});

describe('pacing', () => {
  it('begins new remotes 5 ms apart', () => {
    const network = new PathNetwork([]);
    for (let i = 0; i < 8; i += 1) network.agents.a.addCandidate(host(2000 + i), at(0));
    network.run(49);
    expect(network.sent.map(({ time }) => time)).toEqual([0, 5, 10, 15, 20, 25, 30, 35]);
  });

  it('begins the relay last: who shares a network with the peer needs none', () => {
    const network = new PathNetwork([]);
    const relay = { address: '192.0.2.9', port: 9420 };
    network.agents.a.addCandidate({ kind: 'relay', endpoint: relay }, at(0));
    for (let i = 0; i < 3; i += 1) network.agents.a.addCandidate(host(2000 + i), at(0));
    network.run(19);
    expect(network.sent.map(({ to }) => to.port)).toEqual([2000, 2001, 2002, 9420]);
  });

  it('sends no more than 10 probes in one round, when all fall due together', () => {
    const b = agent();
    for (let i = 0; i < 16; i += 1) b.addCandidate(host(2000 + i), at(0));
    for (let ms = 0; ms <= 100; ms += 5) {
      b.handleTimeout(at(ms));
      while (b.pollTransmit(at(ms)) !== undefined);
    }
    // The process slept for an hour.
    const rounds = [3_600_000, 3_600_005, 3_600_010].map((ms) => {
      let count = 0;
      b.handleTimeout(at(ms));
      b.handleTimeout(at(ms));
      while (b.pollTransmit(at(ms)) !== undefined) count += 1;
      return count;
    });
    expect(limits.probesPerRound).toBe(10);
    expect(rounds).toEqual([10, 6, 0]);
  });

  it('probes a silent remote as scheduled: eagerly, ever slower, then rarely', () => {
    const network = new PathNetwork([]);
    network.agents.a.addCandidate(host(2000), at(0));
    network.run(46_000);
    const times = network.sent.map(({ time }) => Math.round(time));
    expect(times.slice(0, 21)).toEqual(Array.from({ length: 21 }, (_, i) => 50 * i));
    expect(times.slice(21, 30)).toEqual([1075, 1188, 1356, 1609, 1989, 2559, 3413, 4694, 6617]);
    expect(times.slice(30, 41)).toEqual(Array.from({ length: 11 }, (_, i) => 8617 + 2000 * i));
    expect(times.slice(41)).toEqual([33_617, 38_617, 43_617]);
  });

  it('stops probing what never answered once a direct path works', () => {
    const { direct } = threeWays();
    const network = new PathNetwork([direct]);
    network.signal();
    network.agents.a.addCandidate(host(2000), at(0));
    network.run(120_000);
    const probes = network.sent.filter(({ to }) => to.port === 2000);
    expect(probes.every(({ time }) => time < 31_000)).toBe(true);
    expect(network.agents.a.selected?.kind).toBe('srflx');
  });

  it('keeps idle paths open with few probes', () => {
    const network = both();
    network.run(10_000);
    const before = network.sent.length;
    network.run(70_000);
    const probes = network.sent.slice(before).filter((sent) => sent.payload[8] === 0x42);
    const relayed = probes.filter(({ to }) => to.address === '192.0.2.9');
    expect(relayed).toHaveLength(8);
    expect(probes.length - relayed.length).toBeLessThanOrEqual(48);
    expect(probes.length - relayed.length).toBeGreaterThanOrEqual(46);
  });
});

describe('policies', () => {
  it('uses relays only, and shows itself to nobody else, with `relay`', () => {
    const { direct, relay } = threeWays();
    const network = new PathNetwork([direct, relay], { a: { policy: 'relay' } });
    network.signal();
    network.run(10_000);
    expect(network.selected('a')).toBe('relay 192.0.2.9:9421');
    expect(network.selected('b')).toBe('relay 192.0.2.9:9420');
    const sentDirectly = network.sent.filter(({ from, to }) => from === 'a' && to.port === 4000);
    expect(sentDirectly).toEqual([]);
    network.agents.a.handleAuthenticated(direct.b, network.now);
    expect(network.agents.a.paths).toHaveLength(1);
    expect(network.agents.a.counters.refused).toBeGreaterThan(20);
  });

  it('never uses a relay with `direct`, though the peer sends by it', () => {
    const { direct, relay } = threeWays();
    direct.open = 'none';
    const network = new PathNetwork([direct, relay], { a: { policy: 'direct' } });
    network.signal();
    network.run(10_000);
    expect(network.selected('a')).toBeUndefined();
    expect(network.sent.filter(({ from, to }) => from === 'a' && to.port === 9421)).toEqual([]);
    direct.open = 'both';
    network.run(13_000);
    expect(network.selected('a')).toBe('srflx 203.0.113.1:4000');
  });

  it('drops a path in use that turns out to be a relay, with `direct`', () => {
    const { relay } = threeWays();
    const network = new PathNetwork([relay], { a: { policy: 'direct' } });
    network.agents.b.addCandidate({ kind: 'relay', endpoint: relay.a }, network.now);
    network.run(1000);
    expect(network.selected('a')).toBe('prflx 192.0.2.9:9421');
    network.signal([relay]);
    expect(network.selected('a')).toBeUndefined();
    expect(network.log.at(-1)).toContain('a lost prflx 192.0.2.9:9421');
  });
});
