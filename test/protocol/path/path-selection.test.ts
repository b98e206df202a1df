import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  choosePath,
  followNomination,
  isBetter,
  type RankedPath,
} from '../../../src/protocol/path/path-selection.ts';

function path(text: string): RankedPath {
  const [kind, family, leastRtt, transport] = text.split(' ');
  return {
    kind: kind as RankedPath['kind'],
    family: family === 'v6' ? 6 : 4,
    stream: transport === 'tcp',
    leastRtt: Number(leastRtt),
  };
}

describe('path selection', () => {
  it.each([
    ['host v4 300', 'srflx v4 1', true],
    ['srflx v4 1', 'host v4 300', false],
    ['srflx v4 300', 'relay v6 1', true],
    ['prflx v4 20', 'srflx v4 20', false],
    ['srflx v4 20', 'prflx v4 20', false],
    ['prflx v4 10', 'srflx v4 20', true],
    // 5 ms, but not 20 %; 20 %, but not 5 ms; both at once.
    ['host v4 95', 'host v4 100', false],
    ['host v4 16', 'host v4 20', false],
    ['host v4 80', 'host v4 100', true],
    ['host v4 20', 'host v4 25', true],
    // IPv6 wins among equals, and only there.
    ['host v6 21.9', 'host v4 20', true],
    ['host v6 22.5', 'host v4 20', false],
    ['host v6 108', 'host v4 100', true],
    ['host v6 112', 'host v4 100', false],
    ['host v4 20', 'host v6 24', false],
    ['host v4 20', 'host v6 25', true],
    ['relay v4 10', 'relay v6 30', true],
    // A connection is the last choice among its kind, however fast it is, and no worse than the next.
    ['relay v4 300', 'relay v6 1 tcp', true],
    ['relay v6 1 tcp', 'relay v4 300', false],
    ['prflx v4 300 tcp', 'relay v4 1', true],
    ['relay v4 10 tcp', 'relay v4 30 tcp', true],
  ])('judges %s against %s: better is %s', (other, current, expected) => {
    expect(isBetter(path(other), path(current))).toBe(expected);
  });

  it('stays on the path in use unless another is better', () => {
    const current = path('srflx v4 20');
    expect(choosePath(current, [path('prflx v4 19'), current])).toBe(current);
  });

  it('does not go to and fro while round trips come down', () => {
    // As measured on a machine that was busy with the start of both programs.
    const roundTrips = [
      [5, 20],
      [5, 8.5],
      [2.8, 8.5],
      [2.8, 6.7],
      [1.4, 6.7],
      [1.4, 2.1],
    ] as const;
    let family: 4 | 6 = 6;
    const families = roundTrips.map(([four, six]) => {
      const [ipv4, ipv6] = [path(`host v4 ${four}`), path(`host v6 ${six}`)];
      family = choosePath(family === 4 ? ipv4 : ipv6, [ipv4, ipv6])?.family ?? family;
      return family;
    });
    expect(families).toEqual([4, 4, 4, 4, 4, 6]);
  });

  it('leaves a path that no longer works for the best that does', () => {
    const best = path('srflx v4 90');
    expect(choosePath(path('host v4 1'), [path('relay v4 5'), best])).toBe(best);
  });

  it('chooses nothing from nothing', () => {
    expect(choosePath(path('host v4 1'), [])).toBeUndefined();
    expect(followNomination(undefined, [], path('host v4 1'))).toBeUndefined();
  });
});

describe('the side that does not choose', () => {
  it('follows a nomination once it works, though a better path does too', () => {
    const [host, relay] = [path('host v4 1'), path('relay v4 50')];
    expect(followNomination(host, [host], relay)).toBe(host);
    expect(followNomination(host, [host, relay], relay)).toBe(relay);
  });

  it('keeps what it has until something is nominated', () => {
    const [host, relay] = [path('host v4 1'), path('relay v4 50')];
    expect(followNomination(relay, [host, relay], undefined)).toBe(relay);
    expect(followNomination(undefined, [relay, host], undefined)).toBe(host);
  });
});

describe('path selection, whatever the paths', () => {
  const anyPath = fc.record({
    kind: fc.constantFrom('host', 'mapped', 'srflx', 'prflx', 'relay'),
    family: fc.constantFrom(4, 6),
    stream: fc.boolean(),
    leastRtt: fc.double({ min: 0, max: 200, noNaN: true }),
  }) satisfies fc.Arbitrary<RankedPath>;

  it('never goes round in circles, and ends where nothing is better', () => {
    fc.assert(
      fc.property(fc.array(anyPath, { minLength: 1, maxLength: 24 }), (working) => {
        const chosen = choosePath(undefined, working);
        expect(chosen).toBeDefined();
        expect(working.some((other) => chosen && isBetter(other, chosen))).toBe(false);
      }),
      { numRuns: 1000 },
    );
  });

  it('never finds two paths better than each other', () => {
    fc.assert(
      fc.property(anyPath, anyPath, (a, b) => {
        expect(isBetter(a, b) && isBetter(b, a)).toBe(false);
      }),
    );
  });
});
