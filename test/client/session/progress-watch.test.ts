import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import type { TransferEvent } from '../../../src/client/api/events.ts';
import type { MeterOptions } from '../../../src/client/session/progress-meter.ts';
import { ProgressWatch } from '../../../src/client/session/progress-watch.ts';

const OPTIONS: Omit<MeterOptions, 'done' | 'moved'> = {
  total: 10,
  cause: () => 'peer',
  lastCause: () => 'disk',
  current: () => undefined,
  isPipe: false,
};

describe('a transfer of which everything has left', () => {
  let events: TransferEvent[];
  let isPeerMissing: boolean;
  let stuck: number;
  let bytes: number;
  let moved: number;
  let watch: ProgressWatch;

  beforeEach(() => {
    vi.useFakeTimers();
    events = [];
    isPeerMissing = false;
    stuck = 0;
    [bytes, moved] = [0, 0];
    watch = new ProgressWatch({
      emit: (event) => events.push(event),
      isPeerMissing: () => isPeerMissing,
      onStuck: () => {
        stuck += 1;
      },
    });
  });
  afterEach(() => {
    watch.close();
    vi.useRealTimers();
  });

  const begin = (): (() => void) =>
    watch.begin({ ...OPTIONS, done: () => bytes, moved: () => moved });
  const stalls = () =>
    events
      .filter((event) => event.event === 'status')
      .map((event) => 'cause' in event && event.cause);

  it('says what it waits for when that takes its time', () => {
    const finish = begin();
    bytes = 10;
    vi.advanceTimersByTime(1000);
    finish();
    expect(events.at(-1)).toMatchObject({ event: 'progress', bytes: 10 });
    vi.advanceTimersByTime(5000);
    expect(stalls()).toEqual([]);
    vi.advanceTimersByTime(2000);
    expect(stalls()).toEqual(['disk', 'disk']);
  });

  it('does not while it is on its way', () => {
    begin()();
    for (; moved < 20; moved += 1) vi.advanceTimersByTime(4000);
    expect(stalls()).toEqual([]);
  });

  it('leaves that to others while the peer is missing', () => {
    begin()();
    isPeerMissing = true;
    vi.advanceTimersByTime(60_000);
    expect(stalls()).toEqual([]);
  });

  it('is given all the time that its disk takes, but not before', () => {
    const finish = begin();
    finish();
    vi.advanceTimersByTime(700_000);
    expect(stuck).toBe(0);
    watch.close();
    const count = events.length;
    vi.advanceTimersByTime(10_000);
    expect(events).toHaveLength(count);
  });
});
