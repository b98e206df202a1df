import { describe, expect, it } from 'vitest';
import { connected, threeWays } from './network.ts';
import { endpoint } from './support.ts';

describe('a path that dies', () => {
  it('is left for the relay by both sides within five seconds, and taken again later', () => {
    const { direct, relay } = threeWays();
    const network = connected([direct, relay]);
    expect(network.selected('b')).toBe('srflx 198.51.100.1:4000');
    direct.open = 'none';
    network.run(7000);
    expect(network.selected('a')).toBe('relay 192.0.2.9:9421');
    expect(network.selected('b')).toBe('relay 192.0.2.9:9420');
    expect(network.log.some((line) => line.includes('lost'))).toBe(false);
    network.run(60_000);
    direct.open = 'both';
    network.run(75_100);
    expect(network.selected('a')).toBe('srflx 203.0.113.1:4000');
    expect(network.selected('b')).toBe('srflx 198.51.100.1:4000');
  });

  it('is left although requests still arrive by it', () => {
    const { direct, relay } = threeWays();
    const network = connected([direct, relay]);
    direct.open = 'b';
    network.run(8000);
    expect(network.selected('a')).toBe('relay 192.0.2.9:9421');
    expect(network.selected('b')).toBe('relay 192.0.2.9:9420');
  });

  it.each(['a', 'b'] as const)('is kept while traffic of the peer of %s goes by it', (side) => {
    const { direct, relay } = threeWays();
    const network = connected([direct, relay]);
    network.runWithTraffic([side === 'a' ? 'b' : 'a'], 12_000);
    const probes = network.sent.filter(
      ({ from, time, to }) => from === side && time > 3000 && to.port === 4000,
    );
    expect(network.agents[side].selected?.kind).toBe('srflx');
    // Its own keep-alive is due once in 15 s; the other side's requests are answered.
    expect(probes.length).toBeLessThan(8);
  });
});

describe('a session that misses its peer', () => {
  it('is on another path within a second, if that answers', () => {
    const { direct, relay } = threeWays();
    const network = connected([direct, relay]);
    direct.open = 'none';
    network.doubt('a');
    network.run(3000);
    expect(network.selected('a')).toBe('relay 192.0.2.9:9421');
    expect(network.selected('b')).toBe('relay 192.0.2.9:9420');
  });

  it('stays where it is while no path works, and when its own works again', () => {
    const { host, direct, relay } = threeWays();
    const network = connected([host, direct, relay]);
    const before = network.log.length;
    for (const way of network.ways) way.open = 'none';
    network.doubt('a');
    network.run(12_000);
    for (const way of network.ways) way.open = 'both';
    network.run(14_000);
    expect(network.log.slice(before).map((line) => line.replace(/^\d+ | \S+$/g, ''))).toEqual([
      'a lost host',
      'b lost host',
      'b selected host',
      'a selected host',
    ]);
  });

  it('asks all paths at once when one of them works again', () => {
    const { direct, relay } = threeWays();
    const network = connected([direct, relay]);
    for (const way of network.ways) way.open = 'none';
    network.run(60_000);
    relay.open = 'both';
    network.run(66_000);
    expect(network.selected('a')).toBe('relay 192.0.2.9:9421');
    for (const way of network.ways) way.open = 'none';
    network.run(90_000);
    for (const way of network.ways) way.open = 'both';
    network.run(91_000);
    expect(network.selected('a')).toBe('srflx 203.0.113.1:4000');
  });
});

describe('a path that falls silent', () => {
  it('stays selected in a blackout of ten seconds, and resumes within one', () => {
    const { direct } = threeWays();
    const network = connected([direct]);
    direct.open = 'none';
    network.run(12_000);
    expect(network.log.filter((line) => line.includes('lost'))).toEqual([
      expect.stringContaining('b lost srflx 198.51.100.1:4000'),
      expect.stringContaining('a lost srflx 203.0.113.1:4000'),
    ]);
    expect(network.selected('a')).toBe('srflx 203.0.113.1:4000');
    const before = network.log.length;
    direct.open = 'both';
    network.run(12_600);
    expect(network.log.slice(before).sort()).toEqual([
      expect.stringContaining('b selected srflx 198.51.100.1:4000'),
      expect.stringContaining('a selected srflx 203.0.113.1:4000'),
    ]);
  });

  it('costs nothing when it was a spare one', () => {
    const { direct, relay } = threeWays();
    const network = connected([direct, relay]);
    relay.open = 'none';
    network.run(60_000);
    expect(network.status('a', relay.b)?.state).toBe('failed');
    expect(network.log.filter((line) => / (lost|selected) /.test(line))).toEqual([
      expect.stringContaining('selected srflx'),
      expect.stringContaining('selected srflx'),
    ]);
  });
});

describe('a NAT that rebinds', () => {
  it.each(['a', 'b'] as const)('on the side of %s is followed within one second', (side) => {
    const { direct } = threeWays();
    const network = connected([direct]);
    const rebound = endpoint('198.18.0.77:61000');
    direct[side] = rebound;
    network.runWithTraffic(['a', 'b'], 3000);
    const other = side === 'a' ? 'b' : 'a';
    expect(network.selected(other)).toBe('prflx 198.18.0.77:61000');
    expect(network.selected(side)).toContain('srflx');
    expect(network.log.some((line) => line.includes('lost'))).toBe(false);
    // It learns of it when the path in use is probed next, after 15 s of traffic.
    network.runWithTraffic(['a', 'b'], 18_000);
    expect(network.log).toContainEqual(
      expect.stringMatching(new RegExp(` ${side} observed 198.18.0.77:61000`)),
    );
  });

  it('again and again never runs out of room', () => {
    const { direct } = threeWays();
    const network = connected([direct]);
    for (let i = 0; i < 30; i += 1) {
      direct.a = endpoint(`198.18.0.77:${20_000 + i}`);
      network.runWithTraffic(['a', 'b'], network.now + 5000);
      expect(network.selected('b')).toBe(`prflx 198.18.0.77:${20_000 + i}`);
    }
    expect(network.agents.b.paths.length).toBeLessThanOrEqual(24);
  });
});
