import { describe, expect, it } from 'vitest';
import { millis } from '../../../src/protocol/time.ts';
import { NAT, type NatOptions } from '../../support/nat.ts';
import { forEachSeed } from '../../support/seeds.ts';
import { Punching } from './punching.ts';

const HARD = { ...NAT.symmetric, timeout: millis(120_000) };
const NATS = {
  FC: NAT.fullCone,
  AR: NAT.addressRestricted,
  PR: NAT.portRestricted,
  LOOSE: { ...NAT.symmetric, filtering: 'address-dependent' },
  SEQ: { ...HARD, allocation: 'sequential' },
  BLK: { ...HARD, ports: { first: 20_000, last: 20_511 } },
  RND: HARD,
} as const satisfies Record<string, NatOptions>;
type Name = keyof typeof NATS;

const SEEDS = 4;

describe('what plain probes open', () => {
  for (const [a, b] of [
    ['PR', 'PR'],
    ['FC', 'RND'],
    ['AR', 'RND'],
    ['AR', 'SEQ'],
    ['LOOSE', 'FC'],
  ] satisfies [Name, Name][]) {
    both(a, b, (first, second) => {
      forEachSeed(`${first} and ${second}: at once, without any search`, SEEDS, (seed) => {
        const punching = new Punching(seed, NATS[first], NATS[second]);
        expect(punching.run(millis(500))).toBe(true);
        expect([punching.a.bases, punching.b.bases]).toEqual([0, 0]);
      });
    });
  }
});

describe('what has to be searched for', () => {
  for (const [a, b, within] of [
    ['PR', 'SEQ', 1500],
    ['SEQ', 'SEQ', 1500],
    ['PR', 'BLK', 4000],
    ['PR', 'RND', 5000],
  ] satisfies [Name, Name, number][]) {
    both(a, b, (first, second) => {
      forEachSeed(`${first} and ${second}: within ${within} ms`, SEEDS, (seed) => {
        const punching = new Punching(seed, NATS[first], NATS[second]);
        expect(punching.run(millis(within))).toBe(true);
      });
    });
  }
});

describe('a sequence that other hosts count on as well', () => {
  both('PR', 'SEQ', (first, second) => {
    forEachSeed(`${first} and ${second} with 100 flows a second`, SEEDS, (seed) => {
      const punching = new Punching(seed, NATS[first], NATS[second], 100);
      expect(punching.run(millis(2000))).toBe(true);
    });
  });
});

describe('politeness', () => {
  it('gives back all sockets but the one in use', () => {
    const punching = new Punching(1, NATS.PR, NATS.RND);
    expect(punching.run(millis(5000))).toBe(true);
    punching.sim.run({ within: millis(1000) });
    expect([punching.a.bases, punching.b.bases]).toEqual([0, 1]);
  });

  it('searches for no more than 2,048 ports in five seconds, with 64 bytes each', () => {
    const { sent, punching } = searchInVain();
    punching.sim.run({ within: millis(14_000) });
    const ports = new Set(sent.map(({ port }) => port));
    expect(ports.size).toBeGreaterThan(2000);
    expect(ports.size).toBeLessThanOrEqual(2048 + 1);
    expect(Math.max(...sent.map(({ bytes }) => bytes))).toBeLessThanOrEqual(64);
    expect(new Set(sent.map(({ address }) => address))).toEqual(new Set(['192.0.2.10']));
  });

  it('searches again after 15 s, and then ever more seldom', () => {
    const { sent, punching } = searchInVain();
    punching.sim.run({ within: millis(200_000) });
    const perSecond = new Map<number, number>();
    for (const { second } of sent) perSecond.set(second, (perSecond.get(second) ?? 0) + 1);
    const busy = [...perSecond].filter(([, count]) => count > 100).map(([second]) => second);
    const starts = busy.filter((second) => !busy.includes(second - 1));
    expect(starts).toEqual([0, 15, 75, 195]);
  });

  it('tries nothing where nothing can come of it', () => {
    const punching = new Punching(1, NATS.RND, NATS.RND);
    const { counters } = punching.sim.internet();
    expect(punching.run(millis(60_000))).toBe(false);
    // One plain probe of each side every 50 ms to 2 s, and nothing else.
    expect(counters.routed).toBeLessThan(200);
  });
});

/** A search on side a for a peer who has left, and what a sends to it. */
function searchInVain() {
  const punching = new Punching(1, NATS.PR, NATS.RND);
  const { sim, b, a } = punching;
  const start = sim.elapsed;
  const sent: { address: string; port: number; bytes: number; second: number }[] = [];
  sim.after(millis(350), () => b.driver.stop());
  sim.tap(({ from, to, payload }) => {
    const second = Math.floor((sim.elapsed - start) / 1000);
    if (from.address === a.seen.address) sent.push({ ...to, bytes: payload.length, second });
    return 'pass';
  });
  return { punching, sent };
}

function both(a: Name, b: Name, declare: (first: Name, second: Name) => void): void {
  declare(a, b);
  if (a !== b) declare(b, a);
}
