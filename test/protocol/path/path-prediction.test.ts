import { fc, test } from '@fast-check/vitest';
import { describe, expect, it } from 'vitest';
import {
  type Filtering,
  type Mapping,
  type NatBehavior,
  type PortAllocation,
  UNKNOWN_NAT,
} from '../../../src/protocol/nat/nat-behavior.ts';
import {
  type PathPrediction,
  PEERS,
  predictPair,
  predictPath,
} from '../../../src/protocol/path/path-prediction.ts';
import { millis } from '../../../src/protocol/time.ts';
import { NAT, type NatOptions } from '../../support/nat.ts';
import { forEachSeed } from '../../support/seeds.ts';
import { Punching } from './punching.ts';

const dependences = ['endpoint-independent', 'address-dependent', 'address-and-port-dependent'];

const behaviors: fc.Arbitrary<NatBehavior> = fc.record({
  mapping: fc.constantFrom('unknown', ...dependences) as fc.Arbitrary<Mapping>,
  filtering: fc.constantFrom('unknown', ...dependences) as fc.Arbitrary<Filtering>,
  allocation: fc.oneof(
    fc.constantFrom<PortAllocation>(
      { kind: 'unknown' },
      { kind: 'preserving' },
      { kind: 'random' },
    ),
    fc.record({ kind: fc.constant('sequential'), step: fc.integer({ min: 1, max: 64 }) }),
    fc
      .tuple(fc.integer({ min: 1, max: 63_000 }), fc.integer({ min: 0, max: 2047 }))
      .map(([low, width]): PortAllocation => ({ kind: 'block', low, high: low + width })),
  ) as fc.Arbitrary<PortAllocation>,
});

describe('a prediction', () => {
  test.prop([behaviors, behaviors])('is the same for both sides', (own, peer) => {
    expect(predictPath(own, peer)).toBe(predictPath(peer, own));
  });

  test.prop([behaviors])('is direct with whoever lets everybody in', (peer) => {
    expect(predictPath(PEERS.open, peer)).toBe('direct');
  });

  test.prop([behaviors, behaviors])('is no worse for a filter that is looser', (own, peer) => {
    const looser: NatBehavior = { ...own, filtering: 'endpoint-independent' };
    expect(effort(predictPath(looser, peer))).toBeLessThanOrEqual(effort(predictPath(own, peer)));
  });

  it.each([
    ['open', 'random', 'direct'],
    ['home', 'home', 'direct'],
    ['home', 'sequential', 'predicted'],
    ['home', 'block', 'searched'],
    ['home', 'random', 'searched'],
    ['sequential', 'sequential', 'predicted'],
    ['sequential', 'block', 'searched'],
    ['sequential', 'random', 'relayed'],
    ['block', 'block', 'searched'],
    ['block', 'random', 'relayed'],
    ['random', 'random', 'relayed'],
  ] as const)('of %s and %s is %s', (own, peer, expected) => {
    expect(predictPath(PEERS[own], PEERS[peer])).toBe(expected);
  });

  it('takes what is unknown for the best that it could be, as the ladder does', () => {
    expect(predictPath(UNKNOWN_NAT, UNKNOWN_NAT)).toBe('direct');
    expect(predictPath(UNKNOWN_NAT, PEERS.random)).toBe('searched');
  });
});

const HARD = { ...NAT.symmetric, timeout: millis(120_000) };
// None that maps by destination and lets strangers in: RFC 4787 does not say whether it answers them
// by the mapping through which they came. Linux does, so plain probes are enough there; the
// simulated one does not.
const NATS = {
  FC: NAT.fullCone,
  AR: NAT.addressRestricted,
  PR: NAT.portRestricted,
  SEQ: { ...HARD, allocation: 'sequential' },
  BLK: { ...HARD, ports: { first: 20_000, last: 20_511 } },
  RND: HARD,
} as const satisfies Record<string, NatOptions>;
type Name = keyof typeof NATS;

/** By when a path that was predicted so is there; one that is relayed is not there even then. */
const WITHIN: Record<PathPrediction, number> = {
  direct: 500,
  predicted: 1500,
  searched: 5000,
  relayed: 6000,
};
/** When the ladder begins. */
const PLAIN_PROBES_MS = 600;

/** Two searches that have to meet do so in most rounds, but not in each. */
const BY_CHANCE: readonly string[] = ['SEQ and BLK', 'BLK and SEQ', 'BLK and BLK'];
const SEEDS = 2;

describe('a prediction for a pair', () => {
  const side = (nat: NatBehavior, isMapped = false) => ({ nat, isMapped });

  it.each([
    ['is that of the NATs', side(PEERS.home), side(PEERS.random), false, 'searched'],
    [
      'counts a mapped port for what it is',
      side(PEERS.random, true),
      side(PEERS.random),
      false,
      'direct',
    ],
    ['is TCP where UDP is blocked', side(UNKNOWN_NAT), side(PEERS.home), true, 'tcp'],
    [
      'is the relay where TCP has another port, too',
      side(UNKNOWN_NAT),
      side(PEERS.block),
      true,
      'relayed',
    ],
  ] as const)('%s', (_what, own, peer, isUdpBlocked, expected) => {
    expect(predictPair(own, peer, isUdpBlocked)).toBe(expected);
    expect(predictPair(peer, own, isUdpBlocked)).toBe(expected);
  });
});

describe('two agents that know of each other what their NATs do', () => {
  const names = Object.keys(NATS) as Name[];
  const pairs = names.flatMap((a) => names.map((b) => [a, b] as const));
  for (const [a, b] of pairs) {
    const pair = `${a} and ${b}`;
    forEachSeed(`end as predicted: ${pair}`, SEEDS, (seed) => {
      const punching = new Punching(seed, NATS[a], NATS[b]);
      const prediction = predictPath(punching.a.behavior, punching.b.behavior);
      const isDirect = punching.run(millis(WITHIN[prediction]));
      if (!BY_CHANCE.includes(pair)) expect(isDirect).toBe(prediction !== 'relayed');
      expect(punching.sim.elapsed < PLAIN_PROBES_MS).toBe(prediction === 'direct');
    });
  }
});

function effort(prediction: PathPrediction): number {
  return ['direct', 'predicted', 'searched', 'relayed'].indexOf(prediction);
}
