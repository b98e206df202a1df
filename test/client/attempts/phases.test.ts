import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import type { TransferEvent } from '../../../src/client/api/events.ts';
import { Phases } from '../../../src/client/attempts/phases.ts';
import { instant } from '../../../src/protocol/time.ts';

const MINUTE = 60_000;

function phases(): { told: string[]; one: Phases } {
  const told: string[] = [];
  const note = (event: TransferEvent) => {
    if (event.event !== 'status') return;
    const { phase } = event;
    told.push(phase === 'reconnecting' ? `${event.silentMs} of ${event.remainingMs}` : phase);
  };
  return { told, one: new Phases(note, () => instant(performance.now())) };
}

describe('what a transfer says that it is doing', () => {
  beforeEach(() => {
    vi.useFakeTimers({
      toFake: ['setInterval', 'clearInterval', 'setTimeout', 'clearTimeout', 'performance'],
      now: 0,
    });
  });
  afterEach(() => {
    vi.useRealTimers();
  });

  it('is told in a moment only, where it may be over by then', () => {
    const { told, one } = phases();
    one.enter('connecting');
    one.enterSoon('waiting-for-offer');
    vi.advanceTimersByTime(900);
    one.enter('waiting-for-answer');
    vi.advanceTimersByTime(2000);
    one.enterSoon('waiting-for-offer');
    vi.advanceTimersByTime(1000);
    one.enterSoon('transferring');
    one.close();
    vi.advanceTimersByTime(2000);
    expect(told).toEqual(['connecting', 'waiting-for-answer', 'waiting-for-offer']);
  });

  it('is, while the other side is missing, for how long: every second', () => {
    const { told, one } = phases();
    one.enter('transferring');
    const now = performance.now();
    one.wait(instant(now - 5000), instant(now + MINUTE));
    vi.advanceTimersByTime(2000);
    expect(told).toEqual(['transferring', '5000 of 60000', '6000 of 59000', '7000 of 58000']);
    expect(one.isWaiting).toBe(true);
    one.close();
    vi.advanceTimersByTime(2000);
    expect(told).toHaveLength(4);
  });

  it('is said once, however often it is entered', () => {
    const { told, one } = phases();
    for (const phase of ['connecting', 'waiting-for-answer', 'waiting-for-answer'] as const) {
      one.enter(phase);
    }
    expect(told).toEqual(['connecting', 'waiting-for-answer']);
  });

  it('is again what it was, or what it has become, when the other side is back', () => {
    const { told, one } = phases();
    one.enter('transferring');
    one.wait(instant(0), instant(MINUTE));
    one.resume();
    one.resume();
    one.wait(instant(0), instant(MINUTE));
    one.enter('verifying');
    one.resume();
    const silence = expect.stringContaining(' of ');
    expect(told).toEqual(['transferring', silence, 'transferring', silence, 'verifying']);
  });

  it('begins to count anew when the end of the wait moves', () => {
    const { told, one } = phases();
    const now = performance.now();
    one.wait(instant(now), instant(now + 1000));
    one.wait(instant(now), instant(now + 3000));
    vi.advanceTimersByTime(1000);
    expect(told).toEqual(['0 of 1000', '0 of 3000', '1000 of 2000']);
    one.close();
  });
});

describe('what a transfer does before it says so', () => {
  afterEach(() => {
    vi.useRealTimers();
  });

  it('is not said of what is done in a moment, or over by then', async () => {
    vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] });
    const { told, one } = phases();
    const over = new AbortController();
    let end: (outcome: string) => void = () => undefined;
    const work = () => new Promise<string>((resolve) => (end = resolve));
    for (const ms of [999, 1000]) {
      const done = one.during('preparing', work(), over.signal);
      vi.advanceTimersByTime(ms);
      end('done');
      expect(await done).toBe('done');
    }
    expect(told).toEqual(['preparing']);
    one.enter('transferring');
    void one.during('preparing', work(), over.signal);
    over.abort();
    vi.advanceTimersByTime(1000);
    expect(told).toEqual(['preparing', 'transferring']);
  });
});
