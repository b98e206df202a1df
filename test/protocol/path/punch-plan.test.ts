import { describe, expect, it } from 'vitest';
import type { Filtering, Mapping, PortAllocation } from '../../../src/protocol/nat/nat-behavior.ts';
import { portsOf } from '../../../src/protocol/path/port-search.ts';
import {
  choosePlan,
  type PunchPlan,
  type PunchSide,
} from '../../../src/protocol/path/punch-plan.ts';
import { instant } from '../../../src/protocol/time.ts';
import { seededRandom } from './support.ts';

const SEQUENTIAL = { kind: 'sequential', step: 1 } as const;
const BLOCK = { kind: 'block', low: 20_000, high: 20_511 } as const;
const NOW = instant(60_000);
const SAMPLES = { before: 30_000, after: 30_004, at: NOW, rate: 0 };

const SIDES = {
  FC: side('endpoint-independent', 'endpoint-independent', { kind: 'preserving' }),
  AR: side('endpoint-independent', 'address-dependent', { kind: 'preserving' }),
  PR: side('endpoint-independent', 'address-and-port-dependent', { kind: 'preserving' }),
  LOOSE: side('address-and-port-dependent', 'address-dependent', { kind: 'random' }),
  SEQ: side('address-and-port-dependent', 'address-and-port-dependent', SEQUENTIAL),
  BLK: side('address-and-port-dependent', 'address-and-port-dependent', BLOCK),
  RND: side('address-and-port-dependent', 'address-and-port-dependent', { kind: 'random' }),
  ADM: side('address-dependent', 'address-and-port-dependent', { kind: 'random' }),
  UNKNOWN: side('unknown', 'unknown', { kind: 'unknown' }),
} as const;
type Name = keyof typeof SIDES;

function side(mapping: Mapping, filtering: Filtering, allocation: PortAllocation): PunchSide {
  return {
    nat: { mapping, filtering, allocation },
    samples: SAMPLES,
    thorough: false,
  };
}

/** The kinds of the plans of both sides. */
function plans(a: Name, b: Name): string {
  const [ofA, ofB] = [choosePlan(SIDES[a], SIDES[b], NOW), choosePlan(SIDES[b], SIDES[a], NOW)];
  return `${describePlan(ofA)} | ${describePlan(ofB)}`;
}

function describePlan(plan: PunchPlan): string {
  if (plan.kind === 'search') return `search ${plan.ports.kind} from ${plan.sockets || 'one'}`;
  return plan.kind === 'none' ? 'none' : `${plan.kind} ${plan.sockets}`;
}

describe('the plans of two sides fit', () => {
  it.each([
    ['PR', 'PR', 'none | none'],
    ['FC', 'RND', 'none | none'],
    ['AR', 'BLK', 'none | none'],
    ['LOOSE', 'PR', 'none | none'],
    ['LOOSE', 'LOOSE', 'none | none'],
    ['LOOSE', 'RND', 'none | none'],
    ['UNKNOWN', 'UNKNOWN', 'none | none'],
    ['PR', 'SEQ', 'search sequence from one | none'],
    ['PR', 'BLK', 'search range from one | openers 256'],
    ['PR', 'RND', 'search range from one | openers 256'],
    ['PR', 'ADM', 'search range from one | openers 256'],
    ['UNKNOWN', 'RND', 'search range from one | openers 256'],
    ['SEQ', 'SEQ', 'meet 60 | meet 60'],
    ['SEQ', 'BLK', 'search range from 4 | search range from 4'],
    ['BLK', 'BLK', 'search range from 4 | search range from 4'],
    ['BLK', 'RND', 'none | none'],
    ['SEQ', 'RND', 'none | none'],
    ['RND', 'RND', 'none | none'],
  ] satisfies [Name, Name, string][])('%s and %s: %s', (a, b, expected) => {
    expect(plans(a, b)).toBe(expected);
    expect(plans(b, a)).toBe(expected.split(' | ').reverse().join(' | '));
  });

  it.each([
    ['BLK', 'RND', 'search range from 4 | search range from 40'],
    ['BLK', 'ADM', 'search range from 4 | search range from 40'],
    ['BLK', 'BLK', 'search range from 4 | search range from 4'],
    ['SEQ', 'RND', 'none | none'],
    ['RND', 'RND', 'none | none'],
    ['PR', 'RND', 'search range from one | openers 256'],
  ] satisfies [Name, Name, string][])('if both are thorough: %s and %s: %s', (a, b, expected) => {
    const own = { ...SIDES[a], thorough: true };
    const peer = { ...SIDES[b], thorough: true };
    const both = [choosePlan(own, peer, NOW), choosePlan(peer, own, NOW)];
    expect(both.map(describePlan).join(' | ')).toBe(expected);
    // Not if only one is.
    expect(choosePlan(own, SIDES[b], NOW)).toEqual(choosePlan(SIDES[a], SIDES[b], NOW));
    expect(choosePlan(SIDES[a], peer, NOW)).toEqual(choosePlan(SIDES[a], SIDES[b], NOW));
  });

  it('by birthday where a sequence has no samples', () => {
    const lost: PunchSide = { ...SIDES.SEQ, samples: undefined };
    expect(describePlan(choosePlan(SIDES.PR, lost, NOW))).toBe('search range from one');
    expect(describePlan(choosePlan(lost, SIDES.PR, NOW))).toBe('openers 256');
    expect(describePlan(choosePlan(lost, SIDES.SEQ, NOW))).toBe('none');
    expect(describePlan(choosePlan(SIDES.SEQ, lost, NOW))).toBe('none');
  });

  it('in the middle of the ports that the peer is about to get', () => {
    expect(choosePlan(SIDES.SEQ, SIDES.SEQ, NOW)).toEqual({
      kind: 'meet',
      sockets: 60,
      port: 30_034,
    });
  });

  it('where the allocator of the peer has got to since, if others go on as they did', () => {
    const samples = { ...SAMPLES, at: instant(NOW - 400), rate: 100 };
    const busy: PunchSide = { ...SIDES.SEQ, samples };
    expect(choosePlan(SIDES.SEQ, busy, NOW)).toMatchObject({ port: 30_004 + 30 + 40 });
    const byTwo = { ...busy.nat, allocation: { kind: 'sequential', step: 2 } as const };
    const busyByTwo = { ...busy, nat: byTwo };
    expect(choosePlan(SIDES.SEQ, busyByTwo, NOW)).toMatchObject({ port: 30_004 + 2 * (30 + 20) });
  });
});

describe('the ports of a search', () => {
  const random = seededRandom(1);

  it('begin between the samples and go upwards', () => {
    const samples = { before: 30_000, after: 30_004 };
    const ports = portsOf({ kind: 'sequence', samples, step: 2 }, 2048, random);
    expect(ports.slice(0, 4)).toEqual([30_000, 30_002, 30_004, 30_006]);
    expect(ports.at(-1)).toBe(30_004 + 700 * 2);
  });

  it('end with the last port there is', () => {
    const samples = { before: 65_530, after: 65_534 };
    const ports = portsOf({ kind: 'sequence', samples, step: 1 }, 2048, random);
    expect(ports).toEqual([65_530, 65_531, 65_532, 65_533, 65_534, 65_535]);
  });

  it('are all of a block, in no order', () => {
    const ports = portsOf({ ...BLOCK, kind: 'range' }, 2048, random);
    expect([...ports].sort()).toEqual(Array.from({ length: 512 }, (_, i) => 20_000 + i));
    expect(ports.slice(0, 3)).not.toEqual([20_000, 20_001, 20_002]);
  });

  it('are at most 2,048 of all, none of them twice', () => {
    const ports = portsOf({ kind: 'range', low: 1024, high: 65_535 }, 2048, random);
    expect(new Set(ports).size).toBe(2048);
    expect(Math.min(...ports)).toBeGreaterThanOrEqual(1024);
    // Evenly: of 2,048 about a quarter lies in each quarter of the range.
    const low = ports.filter((port) => port < 1024 + 64_512 / 4).length;
    expect(low).toBeGreaterThan(400);
    expect(low).toBeLessThan(624);
  });
});
