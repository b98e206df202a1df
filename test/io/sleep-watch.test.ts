import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { SleepWatch } from '../../src/io/sleep-watch.ts';
import { instant } from '../../src/protocol/time.ts';

const HOUR = 3_600_000;

/** Both clocks, and how often somebody woke. */
let wall: number;
let monotonic: number;
let woken: number[];
let watch: SleepWatch;

beforeEach(() => {
  vi.useFakeTimers({ toFake: ['setInterval', 'clearInterval'] });
  [wall, monotonic, woken] = [1_800_000_000_000, 5000, []];
  watch = new SleepWatch({
    onWake: (now) => woken.push(now),
    wallClock: () => wall,
    monotonicClock: () => instant(monotonic),
  });
});

afterEach(() => {
  watch.close();
  vi.useRealTimers();
});

function pass(onWall: number, onMonotonic: number): void {
  wall += onWall;
  monotonic += onMonotonic;
  vi.advanceTimersByTime(1000);
}

describe('SleepWatch', () => {
  it('tells when the wall clock went on while the monotonic one stood', () => {
    pass(1000, 1000);
    pass(300_000, 1000);
    expect(woken).toEqual([7000]);
    pass(1000, 1000);
    expect(woken).toEqual([7000]);
  });

  it('tells nothing while both go alike, however slowly the timer rings', () => {
    pass(HOUR, HOUR);
    pass(1000, 1100);
    pass(3500, 1000);
    expect(woken).toEqual([]);
  });

  it('does not mind a wall clock that is set back, and tells of a sleep after it', () => {
    pass(-HOUR, 1000);
    expect(woken).toEqual([]);
    pass(60_000, 1000);
    expect(woken).toEqual([7000]);
  });

  it('is still when it is closed', () => {
    watch.close();
    pass(HOUR, 1000);
    expect(woken).toEqual([]);
  });
});
