import { describe, expect, it } from 'vitest';
import { roundTripsOf } from '../../../src/client/diagnosis/server-check.ts';
import { millis } from '../../../src/protocol/time.ts';

describe('round trips', () => {
  it.each([
    [[5], 5, 5],
    [[9, 1, 5], 1, 5],
    [[9, 1, 5, 7], 1, 6],
    [[20.12345, 20.12345], 20.123, 20.123],
  ])('%j: the least is %d, the median %d', (all, minMs, medianMs) => {
    const found = roundTripsOf({ pings: 8, roundTrips: all.map(millis) });
    expect(found).toEqual({ asked: 8, answered: all.length, minMs, medianMs });
  });

  it('that never came back are not measured', () => {
    expect(roundTripsOf({ pings: 8, roundTrips: [] })).toBeNull();
  });
});
