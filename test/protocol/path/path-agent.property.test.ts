import fc from 'fast-check';
import { expect, it } from 'vitest';
import { sameEndpoint } from '../../../src/protocol/wire/endpoint.ts';
import { PathNetwork, threeWays, type Way } from './network.ts';

const state = fc.constantFrom<Way['open']>('both', 'none', 'a', 'b');

/** At some time, each way gets another state. */
const weather = fc.record({
  afterMs: fc.integer({ min: 1, max: 40_000 }),
  host: state,
  direct: state,
  relay: state,
});

function change(ways: readonly Way[], states: readonly Way['open'][]): void {
  ways.forEach((way, i) => {
    way.open = states[i] ?? 'both';
  });
}

function wayOf(network: PathNetwork, side: 'a' | 'b'): Way | undefined {
  const remote = network.agents[side].selected?.remote;
  const peer = side === 'a' ? 'b' : 'a';
  return remote && network.ways.find((way) => sameEndpoint(way[peer], remote));
}

it('agrees on a way that works, direct where one is, whatever the network did before', () => {
  fc.assert(
    fc.property(fc.array(weather, { maxLength: 6 }), fc.boolean(), (changes, traffic) => {
      const { host, direct, relay } = threeWays();
      const network = new PathNetwork([relay, direct, host]);
      network.signal();
      for (const { afterMs, ...states } of changes) {
        network.run(network.now + afterMs);
        change([host, direct, relay], [states.host, states.direct, states.relay]);
      }
      change([host, direct, relay], ['none', direct.open, 'both']);
      if (traffic) network.runWithTraffic(['a', 'b'], network.now + 5000);
      network.run(network.now + 40_000);
      const [a, b] = [wayOf(network, 'a'), wayOf(network, 'b')];
      expect(a).toBe(b);
      expect(a).toBe(direct.open === 'both' ? direct : relay);
    }),
    { numRuns: 60 },
  );
});
