import { describe, expect, it } from 'vitest';
import type { NatBehavior, PortAllocation } from '../../../src/protocol/nat/nat-behavior.ts';
import { millis } from '../../../src/protocol/time.ts';
import { type Dependence, NAT, type NatOptions } from '../../support/nat.ts';
import { bothWays } from '../../support/scenarios.ts';
import { Laboratory, type LaboratoryOptions } from './laboratory.ts';

const DEPENDENCES: readonly Dependence[] = [
  'endpoint-independent',
  'address-dependent',
  'address-and-port-dependent',
];

const BLOCK = { first: 20_000, last: 20_511 };

/** How a NAT chooses ports, and what that is called; a block's ends are asserted elsewhere. */
const ALLOCATIONS: Record<string, [Partial<NatOptions>, PortAllocation['kind'], number?]> = {
  preserving: [{ allocation: 'preserving' }, 'preserving'],
  sequential: [{ allocation: 'sequential' }, 'sequential', 1],
  'every fourth': [{ allocation: 'sequential', step: 4 }, 'sequential', 4],
  block: [{ allocation: 'random', ports: BLOCK }, 'block'],
  random: [{ allocation: 'random' }, 'random'],
};

const NATS = DEPENDENCES.flatMap((mapping) =>
  DEPENDENCES.flatMap((filtering) =>
    Object.entries(ALLOCATIONS).map(([ports, [options, kind, step]]) => ({
      mapping,
      filtering,
      ports,
      nat: { allocation: 'random', mapping, filtering, ...options } as const,
      allocation: step === undefined ? { kind } : { kind, step },
    })),
  ),
);

function classified(options: LaboratoryOptions): NatBehavior & { tookMs: number } {
  const laboratory = new Laboratory(options);
  const tookMs = laboratory.classify();
  return { ...(laboratory.findings?.behavior as NatBehavior), tookMs };
}

describe.each(NATS)(
  'a NAT of $mapping mapping, $filtering filtering and $ports ports',
  ({ nat, mapping, filtering, allocation }) => {
    it('is called so', () => {
      const behavior = classified({ nat });
      expect(behavior).toMatchObject({ mapping, filtering, allocation });
      expect(behavior.tookMs).toBeLessThan(500);
    });

    it('is called so where a tenth of all packets is lost each way', () => {
      for (const seed of [1, 2, 3]) {
        const line = bothWays({ loss: 0.1, delay: millis(5) });
        const behavior = classified({ nat, seed, line });
        expect(behavior, `seed ${seed}`).toMatchObject({ mapping, filtering, allocation });
      }
    });

    it('is called so over a satellite, with loss on both sides of it', () => {
      const line = bothWays({ loss: 0.05, delay: millis(440) });
      const lan = bothWays({ loss: 0.05, delay: millis(1) });
      const behavior = classified({ nat, seed: 4, line, lan });
      expect(behavior).toMatchObject({ mapping, filtering, allocation });
      expect(behavior.tookMs).toBeLessThan(10_001);
    });

    it('is called what one address of the server can show', () => {
      const behavior = classified({ nat, addresses: 1 });
      expect(behavior).toMatchObject({
        mapping: mapping === 'address-dependent' ? 'endpoint-independent' : mapping,
        filtering: filtering === 'endpoint-independent' ? 'address-dependent' : filtering,
        allocation,
      });
    });
  },
);

describe('a sequential NAT that others use as well', () => {
  const nat: NatOptions = { ...NAT.symmetric, allocation: 'sequential' };

  it.each([20, 100, 400])('is sequential while they take %i ports a second', (foreignFlows) => {
    for (let seed = 1; seed <= 10; seed += 1) {
      const line = bothWays({ loss: 0.1, delay: millis(20) });
      const behavior = classified({ nat, seed, line, foreignFlows });
      expect(behavior, `seed ${seed}`).toMatchObject({
        allocation: { kind: 'sequential', step: 1 },
      });
    }
  });

  it('is sequential where packets are lost before they reach it, and come late', () => {
    for (let seed = 1; seed <= 20; seed += 1) {
      const lan = bothWays({ loss: 0.1, delay: millis(1) });
      const { allocation } = classified({ nat, seed, lan });
      expect(allocation, `seed ${seed}`).toEqual({ kind: 'sequential', step: 1 });
    }
  });

  it('is sequential where its ports begin again from the first', () => {
    for (let seed = 1; seed <= 20; seed += 1) {
      const ports = { first: 30_000, last: 30_015 };
      const { allocation } = classified({ nat: { ...nat, ports }, seed });
      expect(allocation, `seed ${seed}`).toEqual({ kind: 'sequential', step: 1 });
    }
  });

  it('shows within one round trip where it stands', () => {
    const laboratory = new Laboratory({ nat, foreignFlows: 100 });
    laboratory.classify();
    const first = laboratory.refresh();
    const second = laboratory.refresh();
    expect(first.tookMs).toBeLessThan(25);
    const rise = (second.port ?? 0) - (first.port ?? 0);
    expect(rise).toBeGreaterThan(0);
    expect(rise).toBeLessThan(10);
    expect(laboratory.openBases).toEqual([]);
  });
});

describe('the block of a NAT', () => {
  it('lies around what was seen, and holds most of what is to come', () => {
    let held = 0;
    for (let seed = 1; seed <= 20; seed += 1) {
      const { allocation } = classified({ nat: { ...NAT.symmetric, ports: BLOCK }, seed });
      if (allocation.kind !== 'block') throw new Error(`seed ${seed}: ${allocation.kind}`);
      const { low, high } = allocation;
      expect(high - low).toBeLessThan(2048);
      held += Math.min(high, BLOCK.last) - Math.max(low, BLOCK.first) + 1;
    }
    expect(held / 20 / 512).toBeGreaterThan(0.9);
  });
});

describe('hairpinning', () => {
  const hairpins = (nat: NatOptions) => {
    const laboratory = new Laboratory({ nat });
    laboratory.classify();
    return laboratory.findings?.hairpin;
  };

  it.each(DEPENDENCES)('is found behind %s filtering', (filtering) => {
    expect(hairpins({ ...NAT.fullCone, filtering, hairpin: true })).toBe(true);
    expect(hairpins({ ...NAT.fullCone, filtering })).toBe(false);
  });

  it('is of no use behind a symmetric NAT, whose ports the peer would have to guess', () => {
    expect(hairpins({ ...NAT.symmetric, hairpin: true })).toBe(false);
  });
});

describe('a survey', () => {
  it('tells the public endpoint, the addresses seen and the round trip', () => {
    const laboratory = new Laboratory({ nat: NAT.portRestricted });
    laboratory.classify();
    expect(laboratory.findings).toMatchObject({
      observed: { address: '198.51.100.10', port: 5000 },
      publicAddresses: ['198.51.100.10'],
      serverAddresses: 2,
    });
    expect(laboratory.findings?.rttMs).toBeCloseTo(20.2, 0);
  });

  it('says what it knows before it is finished', () => {
    const { sim, prober } = new Laboratory({ nat: NAT.symmetric });
    expect(prober.behavior).toEqual({
      mapping: 'unknown',
      filtering: 'unknown',
      allocation: { kind: 'unknown' },
    });
    sim.run({ within: millis(100) });
    expect(prober.behavior).toEqual({
      mapping: 'address-and-port-dependent',
      filtering: 'unknown',
      allocation: { kind: 'random' },
    });
  });

  it('closes what it had opened', () => {
    const laboratory = new Laboratory({ nat: NAT.symmetric });
    laboratory.classify();
    expect(laboratory.openBases).toEqual([]);
    expect(laboratory.find('open-bases')?.bases).toHaveLength(10);
  });

  it('knows the mapping where no further socket can be opened', () => {
    const laboratory = new Laboratory({ nat: NAT.symmetric, sockets: 0 });
    laboratory.classify();
    expect(laboratory.findings?.behavior).toEqual({
      mapping: 'address-and-port-dependent',
      filtering: 'unknown',
      allocation: { kind: 'unknown' },
    });
    expect(laboratory.refresh().port).toBeUndefined();
  });
});

describe('the effort of a survey', () => {
  it('ends after four seconds of silence and 55 packets', () => {
    const dead = bothWays({ loss: 1 });
    const laboratory = new Laboratory({ nat: NAT.portRestricted, line: dead });
    const tookMs = laboratory.classify();
    expect(tookMs).toBeGreaterThan(3000);
    expect(tookMs).toBeLessThan(5000);
    expect(laboratory.findings).toMatchObject({
      observed: undefined,
      serverAddresses: 0,
      behavior: { mapping: 'unknown', filtering: 'unknown', allocation: { kind: 'unknown' } },
    });
    expect(laboratory.host.counters.sent).toBe(55);
    expect(laboratory.openBases).toEqual([]);
  });

  it('is at most forty packets where nothing is lost and everything is filtered', () => {
    const laboratory = new Laboratory({ nat: NAT.symmetric });
    laboratory.classify();
    expect(laboratory.host.counters.sent).toBeLessThanOrEqual(40);
  });
});

describe('two NATs', () => {
  it('are the worse of them', () => {
    const worse = { ...NAT.symmetric, ports: BLOCK };
    const expected = {
      mapping: 'address-and-port-dependent',
      filtering: 'address-and-port-dependent',
      allocation: { kind: 'block' },
    };
    expect(classified({ nat: NAT.fullCone, carrier: worse })).toMatchObject(expected);
    expect(
      classified({ nat: worse, carrier: { ...NAT.fullCone, allocation: 'preserving' } }),
    ).toMatchObject(expected);
  });
});
