import { afterEach, beforeEach, expect, it, vi } from 'vitest';
import { afterPatience } from '../../../src/client/session/patience.ts';

beforeEach(() => {
  vi.useFakeTimers();
});
afterEach(() => {
  vi.useRealTimers();
});

it('does something when the time is over', () => {
  const action = vi.fn();
  afterPatience(50, action);
  vi.advanceTimersByTime(49);
  expect(action).not.toHaveBeenCalled();
  vi.advanceTimersByTime(1);
  expect(action).toHaveBeenCalledOnce();
});

// Node takes a longer wait than its timers have for one of a millisecond.
it.each([undefined, 2 ** 31, 1e12, Number.POSITIVE_INFINITY])('does nothing after %s ms', (ms) => {
  const action = vi.fn();
  expect(afterPatience(ms, action)).toBeUndefined();
  vi.runAllTimers();
  expect(action).not.toHaveBeenCalled();
});
