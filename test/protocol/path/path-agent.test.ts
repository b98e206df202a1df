import { describe, expect, it } from 'vitest';
import { connected, PathNetwork, threeWays, type Way } from './network.ts';

describe('connecting', () => {
  it('selects the direct path on both sides within two round trips', () => {
    const { direct } = threeWays();
    const network = new PathNetwork([direct]);
    network.signal();
    network.run(80);
    expect(network.selected('a')).toBe('srflx 203.0.113.1:4000');
    expect(network.selected('b')).toBe('srflx 198.51.100.1:4000');
    expect(network.agents.a.selected?.rttMs).toBe(40);
  });

  it('nominates what it selects at once, on every probe from then on', () => {
    const { direct } = threeWays();
    const network = connected([direct]);
    network.run(20_000);
    const flags = network.sent
      .filter(({ from, payload }) => from === 'a' && payload[8] === 0x42)
      .map(({ time, payload }) => [time, payload[19]]);
    // It opens its own NAT, is heard, and checks back; from then on it has a path to nominate.
    expect(flags.slice(0, 4)).toEqual([
      [0, 0],
      [20, 0],
      [60, 1],
      [2600, 1],
    ]);
    expect(flags.slice(2).every(([, flag]) => flag === 1)).toBe(true);
  });

  it('locks in the first that answers, then moves to each better one', () => {
    const { direct, relay } = threeWays();
    const host: Way = { ...threeWays().host, delay: 100 };
    const network = connected([relay, direct, host]);
    expect(network.log.filter((line) => line.includes('a selected'))).toEqual([
      '60 a selected srflx 203.0.113.1:4000',
      '205 a selected host 192.168.1.3:4000',
    ]);
    expect(network.selected('b')).toBe('host 192.168.1.2:4000');
  });

  it('starts on the relay and moves to the direct path when that opens later', () => {
    const { direct, relay } = threeWays();
    direct.open = 'none';
    const network = new PathNetwork([direct, relay]);
    network.signal();
    network.run(20_000);
    expect(network.selected('a')).toBe('relay 192.0.2.9:9421');
    expect(network.selected('b')).toBe('relay 192.0.2.9:9420');
    direct.open = 'both';
    network.run(22_100);
    expect(network.selected('a')).toBe('srflx 203.0.113.1:4000');
    expect(network.selected('b')).toBe('srflx 198.51.100.1:4000');
  });

  it('still finds a direct path after a minute on the relay, within one retry', () => {
    const { direct, relay } = threeWays();
    direct.open = 'none';
    const network = new PathNetwork([direct, relay]);
    network.signal();
    network.run(60_000);
    expect(network.status('a', direct.b)?.state).toBe('failed');
    direct.open = 'both';
    network.run(65_100);
    expect(network.selected('a')).toBe('srflx 203.0.113.1:4000');
    expect(network.selected('b')).toBe('srflx 198.51.100.1:4000');
  });
});

describe('candidates', () => {
  it('checks back at once where the peer was heard (triggered check)', () => {
    const { direct } = threeWays();
    // Only a knows where to reach the other one.
    const network = new PathNetwork([{ ...direct, kind: 'host' }]);
    network.agents.a.addCandidate({ kind: 'host', endpoint: direct.b }, network.now);
    network.run(60);
    expect(network.selected('b')).toBe('prflx 198.51.100.1:4000');
  });

  it('goes no further than its own NAT until the peer is heard, or has had time to open its own', () => {
    const { direct } = threeWays();
    const network = new PathNetwork([direct]);
    network.agents.a.addCandidate({ kind: 'srflx', endpoint: direct.b }, network.now);
    network.run(400);
    expect(network.selected('b')).toBeUndefined();
    network.run(500);
    expect(network.selected('b')).toBe('prflx 198.51.100.1:4000');
  });

  it('prefers the signalled kind of an address that it learnt before', () => {
    const { host } = threeWays();
    const network = new PathNetwork([host]);
    network.agents.a.addCandidate({ kind: 'host', endpoint: host.b }, network.now);
    network.run(100);
    expect(network.selected('b')).toBe('prflx 192.168.1.2:4000');
    network.agents.b.addCandidate({ kind: 'host', endpoint: host.a }, network.now);
    network.run(101);
    expect(network.selected('b')).toBe('host 192.168.1.2:4000');
  });

  it('believes the peer that an address it learnt is a relay', () => {
    const { relay } = threeWays();
    const network = new PathNetwork([relay]);
    network.agents.a.addCandidate({ kind: 'relay', endpoint: relay.b }, network.now);
    network.run(200);
    expect(network.selected('b')).toBe('prflx 192.0.2.9:9420');
    network.agents.b.addCandidate({ kind: 'relay', endpoint: relay.a }, network.now);
    expect(network.selected('b')).toBe('relay 192.0.2.9:9420');
  });

  it('keeps the better kind of an address that is named twice', () => {
    const { host } = threeWays();
    const network = new PathNetwork([host]);
    network.signal([{ ...host, kind: 'srflx' }]);
    network.signal([host]);
    network.signal([{ ...host, kind: 'relay' }]);
    expect(network.agents.a.paths.map(({ kind }) => kind)).toEqual(['host']);
  });
});

describe('hard networks', () => {
  it('takes neither a one-way path nor one whose answers do not come back', () => {
    const { direct, relay } = threeWays();
    direct.open = 'a';
    const network = connected([direct, relay]);
    expect(network.selected('a')).toBe('relay 192.0.2.9:9421');
    expect(network.selected('b')).toBe('relay 192.0.2.9:9420');
  });

  it('connects through 30 % loss each way', () => {
    const { direct } = threeWays();
    const network = connected([{ ...direct, loss: 0.3 }]);
    expect(network.selected('a')).toBe('srflx 203.0.113.1:4000');
    expect(network.selected('b')).toBe('srflx 198.51.100.1:4000');
  });

  it('tells its own address as the peer sees it, once, and never that of a relay', () => {
    const { direct, relay } = threeWays();
    const network = connected([direct, relay]);
    network.run(60_000);
    expect(network.log.filter((line) => line.includes('observed'))).toEqual([
      '40 b observed 203.0.113.1:4000',
      '60 a observed 198.51.100.1:4000',
    ]);
  });
});

describe('roles', () => {
  it('makes the controlled side follow the controlling one, also to what it finds worse', () => {
    const { host, relay } = threeWays();
    // a never hears of the host path, and may not use it.
    const network = new PathNetwork([host, relay], { a: { policy: 'relay' } });
    network.signal([relay]);
    network.agents.b.addCandidate({ kind: 'host', endpoint: host.a }, network.now);
    network.run(3000);
    expect(network.selected('a')).toBe('relay 192.0.2.9:9421');
    expect(network.selected('b')).toBe('relay 192.0.2.9:9420');
  });

  it('never nominates from the controlled side, nor follows on the controlling one', () => {
    const { direct, relay } = threeWays();
    const network = new PathNetwork([direct, relay], { b: { role: 'controlling' } });
    network.signal();
    network.run(3000);
    expect(network.sent.some(({ from, payload }) => from === 'b' && payload[19] === 1)).toBe(true);
    const flags = connected([direct, relay]).sent.filter(({ from }) => from === 'b');
    expect(flags.every(({ payload }) => payload[19] === 0)).toBe(true);
    // b nominates the direct path over and over; a goes by what it finds itself.
    direct.open = 'b';
    network.run(10_000);
    expect(network.selected('a')).toBe('relay 192.0.2.9:9421');
  });
});
