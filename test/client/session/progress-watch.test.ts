import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import type { StallCause, TransferEvent } from '../../../src/client/api/events.ts';
import { ProgressWatch } from '../../../src/client/session/progress-watch.ts';

beforeEach(() => vi.useFakeTimers());
afterEach(() => vi.useRealTimers());

describe('a transfer of which everything has left', () => {
  it('says what it waits for when that takes its time', () => {
    const one = new Scene();
    one.bytes = 10;
    vi.advanceTimersByTime(1000);
    one.finish();
    expect(one.events.at(-1)).toMatchObject({ event: 'progress', bytes: 10 });
    vi.advanceTimersByTime(5000);
    expect(one.stalls).toEqual([]);
    vi.advanceTimersByTime(2000);
    expect(one.stalls).toEqual(['disk', 'disk']);
    one.watch.close();
    vi.advanceTimersByTime(10_000);
    expect(one.stalls).toEqual(['disk', 'disk']);
  });

  it('does not while it is on its way', () => {
    const one = new Scene();
    one.finish();
    for (; one.moved < 20; one.moved += 1) vi.advanceTimersByTime(4000);
    expect(one.stalls).toEqual([]);
  });

  it('leaves that to others while the peer is missing', () => {
    const one = new Scene();
    one.finish();
    one.isPeerMissing = true;
    vi.advanceTimersByTime(60_000);
    expect(one.stalls).toEqual([]);
  });

  it('says nothing more once the session is over', () => {
    const one = new Scene();
    one.watch.close();
    one.finish();
    vi.advanceTimersByTime(60_000);
    expect(one.stalls).toEqual([]);
  });

  it('is given all the time that its disk takes, but not before', () => {
    const [early, late] = [new Scene(), new Scene()];
    late.finish();
    vi.advanceTimersByTime(700_000);
    expect([early.isStuck, late.isStuck]).toEqual([true, false]);
  });
});

/** A transfer whose own disk is waited for. */
class Scene {
  readonly events: TransferEvent[] = [];
  bytes = 0;
  moved = 0;
  isPeerMissing = false;
  isStuck = false;
  readonly watch = new ProgressWatch({
    emit: (event) => this.events.push(event),
    isPeerMissing: () => this.isPeerMissing,
    onStuck: () => {
      this.isStuck = true;
    },
  });
  #isFinished = false;
  readonly #finish = this.watch.begin({
    total: 10,
    done: () => this.bytes,
    moved: () => this.moved,
    cause: () => (this.#isFinished ? 'peer' : 'disk'),
    lastCause: () => 'disk',
    current: () => undefined,
    isPipe: false,
  });

  finish(): void {
    this.#isFinished = true;
    this.#finish();
  }

  get stalls(): StallCause[] {
    return this.events.flatMap((event) => ('cause' in event ? [event.cause] : []));
  }
}
