import { describe, expect, it } from 'vitest';
import { storedWays, waysOf } from '../../src/client/ways.ts';

const DEFAULTS = { servers: [], lan: true, udp: true, portMapping: true, route: 'any' } as const;

describe('how a transfer is gone about', () => {
  it('is kept whole', () => {
    const ways = {
      servers: ['relay.example'],
      lan: false,
      udp: false,
      portMapping: false,
      route: 'relay',
      limit: 1e6,
      congestion: 'ledbat',
      skipChanged: true,
      compress: false,
    } as const;
    expect(waysOf(storedWays(ways))).toEqual(ways);
  });

  it('is the usual where nothing was said, or what was kept is not of its form', () => {
    expect(waysOf(storedWays({}))).toEqual(DEFAULTS);
    expect(storedWays({ compress: true, skipChanged: false })).toEqual(DEFAULTS);
    const strange = {
      servers: 'one',
      lan: 1,
      route: 'side',
      limit: 0,
      congestion: 'x',
      compress: 1,
    };
    expect(waysOf(strange)).toEqual({});
  });
});
