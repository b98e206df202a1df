import { describe, expect, it } from 'vitest';
import type { StallCause } from '../../../src/client/api/events.ts';
import { StallWatch } from '../../../src/client/session/stall-watch.ts';

describe('a transfer that stands still', () => {
  it('says so after five seconds, and every second from then on, until it moves', () => {
    const told: unknown[] = [];
    const watch = new StallWatch(
      () => 'disk',
      (event) => told.push(event),
    );
    for (let now = 0; now <= 7000; now += 200) {
      expect(watch.look(100, now)).toBe(now >= 5000);
    }
    expect(watch.look(101, 7200)).toBe(false);
    const stalled = { event: 'status', phase: 'stalled', cause: 'disk' };
    expect(told).toEqual([
      { ...stalled, stalledMs: 5000 },
      { ...stalled, stalledMs: 6000 },
      { ...stalled, stalledMs: 7000 },
      { event: 'status', phase: 'transferring' },
    ]);
  });

  it('tells what is waited for at that moment', () => {
    const causes = ['disk', 'peer'] as const;
    const told: string[] = [];
    let at = 0;
    const watch = new StallWatch(
      () => causes[at] ?? 'peer',
      (event) => told.push('cause' in event ? event.cause : event.phase),
    );
    watch.look(1, 0);
    watch.look(1, 5000);
    at = 1;
    watch.look(1, 6000);
    expect(told).toEqual(['disk', 'peer']);
  });

  it('is stuck when our own disk has done nothing for ten minutes, and not before', () => {
    const causes = { current: 'peer' as StallCause };
    const stuck: number[] = [];
    const watch = new StallWatch(
      () => causes.current,
      () => undefined,
      (ms) => stuck.push(ms),
    );
    const lookUntil = (end: number, from = 0) => {
      for (let now = from; now <= end; now += 1000) watch.look(1, now);
    };
    lookUntil(700_000);
    expect(stuck).toEqual([]);
    causes.current = 'disk';
    watch.reset(700_000);
    lookUntil(1_299_000, 700_000);
    expect(stuck).toEqual([]);
    lookUntil(1_300_000, 1_300_000);
    expect(stuck).toEqual([600_000]);
  });

  it('does not count the time in which the other side was missing', () => {
    const told: unknown[] = [];
    const watch = new StallWatch(
      () => 'peer',
      (event) => told.push(event),
    );
    watch.look(1, 0);
    watch.reset(60_000);
    expect(watch.look(1, 61_000)).toBe(false);
    expect(told).toEqual([]);
  });
});
