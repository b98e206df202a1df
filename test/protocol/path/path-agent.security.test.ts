import { describe, expect, it } from 'vitest';
import { connected, PathNetwork, threeWays } from './network.ts';
import { endpoint, requestOfA } from './support.ts';

const attacker = endpoint('198.18.6.6:6666');

function both(): PathNetwork {
  const { direct, relay } = threeWays();
  return connected([direct, relay]);
}

function everything(network: PathNetwork): unknown {
  const { a, b } = network.agents;
  return [a.paths, b.paths, a.pollTimeout(), b.pollTimeout(), network.log];
}

describe('packets that prove nothing', () => {
  it('changes nothing and answers nothing when a probe is forged', () => {
    const network = both();
    const before = everything(network);
    const sent = network.sent.length;
    const forged = requestOfA(5000, true);
    forged[19] = 0;
    for (const source of [attacker, endpoint('198.51.100.1:4000')]) {
      network.inject('b', forged, source);
    }
    expect(everything(network)).toEqual(before);
    expect(network.sent).toHaveLength(sent);
    expect(network.agents.b.counters).toMatchObject({ forged: 2, malformed: 0 });
  });

  it('answers a replayed request, and goes no further', () => {
    const network = both();
    const nomination = network.sent.find(({ from, payload }) => from === 'a' && payload[19] === 1);
    const before = everything(network);
    const sent = network.sent.length;
    network.inject('b', nomination?.payload as Uint8Array, attacker);
    expect(everything(network)).toEqual(before);
    const answers = network.sent.slice(sent);
    expect(answers.map(({ to, payload }) => [to, payload.length])).toEqual([[attacker, 55]]);
    expect(network.agents.b.counters.replayed).toBe(1);
    network.run(20_000);
    expect(network.sent.filter(({ to }) => to.port === attacker.port)).toHaveLength(1);
  });

  it('drops its own probes when they are sent back', () => {
    const network = both();
    const before = everything(network);
    const own = network.sent.filter(({ from }) => from === 'a');
    for (const { payload } of own) network.inject('a', payload, endpoint('203.0.113.1:4000'));
    expect(everything(network)).toEqual(before);
    expect(own.length).toBeGreaterThan(5);
    expect(network.agents.a.counters.forged).toBe(own.length);
  });

  it('takes an answer once, from where it asked, and not after ten seconds', () => {
    const network = both();
    const answers = network.sent.filter((sent) => sent.from === 'b' && sent.payload[8] === 0x43);
    const before = everything(network);
    for (const { payload } of answers) network.inject('a', payload, endpoint('203.0.113.1:4000'));
    for (const { payload } of answers) network.inject('a', payload, attacker);
    expect(everything(network)).toEqual(before);
    expect(network.agents.a.counters.unsolicited).toBe(2 * answers.length);
  });

  it('takes no answer that was held back for more than ten seconds', () => {
    const { direct } = threeWays();
    const network = new PathNetwork([{ ...direct, delay: 5001 }]);
    network.signal();
    network.run(40_000);
    expect(network.selected('a')).toBeUndefined();
    expect(network.agents.a.counters.unsolicited).toBeGreaterThan(0);
  });
});

describe('authentic packets from elsewhere', () => {
  it('follows only newer nominations', () => {
    const network = both();
    const { b } = network.agents;
    const [direct, relay] = [endpoint('198.51.100.1:4000'), endpoint('192.0.2.9:9420')];
    network.inject('b', requestOfA(9001, true), relay);
    expect(network.selected('b')).toBe('relay 192.0.2.9:9420');
    // Sent before, come after, never seen: the decision of 9001 stands.
    network.inject('b', requestOfA(9000, true), direct);
    expect(network.selected('b')).toBe('relay 192.0.2.9:9420');
    network.inject('b', requestOfA(9002, true), direct);
    expect(network.selected('b')).toBe('srflx 198.51.100.1:4000');
    expect(b.counters.replayed).toBe(0);
  });

  it('follows a nomination only once its own check has succeeded', () => {
    const network = both();
    network.inject('b', requestOfA(9001, true), attacker);
    network.run(4000);
    // The attacker copied a request of a, and cannot answer.
    expect(network.selected('b')).toBe('srflx 198.51.100.1:4000');
    expect(network.status('b', attacker)?.state).toBe('in-progress');
  });

  it('does not follow authentic packets to an address that answers no check', () => {
    const network = both();
    for (let ms = 2000; ms < 6000; ms += 10) {
      network.run(ms);
      network.agents.b.handleAuthenticated(attacker, network.now);
    }
    expect(network.selected('b')).toBe('srflx 198.51.100.1:4000');
    // Checks only, however many packets came: 20 a second at most.
    const probes = network.sent.filter(({ to }) => to.port === attacker.port);
    expect(probes.length).toBeLessThanOrEqual(81);
  });
});

describe('batches', () => {
  it('drops the rest of a batch that does not say where the next packet begins', () => {
    const network = both();
    const good = requestOfA(9001);
    network.inject('b', Uint8Array.from([...good, ...good.subarray(0, 30)]), attacker);
    expect(network.agents.b.counters.malformed).toBe(1);
    network.inject('b', new Uint8Array(0), attacker);
    network.inject('b', Uint8Array.from([...requestOfA(9002), ...requestOfA(9003)]), attacker);
    expect(network.agents.b.counters).toMatchObject({ malformed: 1, replayed: 0 });
    expect(network.status('b', attacker)).toMatchObject({ kind: 'prflx' });
  });

  it('counts a packet of another type as malformed', () => {
    const network = both();
    const packet = requestOfA(9001);
    packet[8] = 0x41;
    network.inject('b', packet, attacker);
    expect(network.agents.b.counters.malformed).toBe(1);
  });
});
