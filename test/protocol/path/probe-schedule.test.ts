import { describe, expect, it } from 'vitest';
import {
  type CheckProgress,
  isExpired,
  probeDueAt,
  type Standing,
} from '../../../src/protocol/path/probe-schedule.ts';
import { millis } from '../../../src/protocol/time.ts';
import { at } from './support.ts';

const spare: Standing = {
  selected: false,
  nominating: false,
  directSelected: false,
};
const selected: Standing = { ...spare, selected: true };

/** A pair that was probed at 100 s, and has worked. */
function pair(changes: Partial<CheckProgress>): CheckProgress {
  return {
    state: 'succeeded',
    since: at(0),
    lastProbeAt: at(100_000),
    triggeredAt: undefined,
    heardAt: at(100_000),
    unanswered: 0,
    rtt: millis(40),
    doubtedAt: undefined,
    ...changes,
  };
}

describe('probe schedule', () => {
  it.each([
    ['a working path in use: 2.5 s after it was heard', pair({}), selected, 102_500],
    ['one that is busy: 15 s', pair({ heardAt: at(114_000) }), selected, 115_000],
    ['one that owes an answer: 0.5 s', pair({ unanswered: 1 }), selected, 100_500],
    ['a spare path: 15 s', pair({}), spare, 115_000],
    ['a spare path that owes an answer: 0.5 s', pair({ unanswered: 1 }), spare, 100_500],
    ['a nomination: 50 ms', pair({}), { ...selected, nominating: true }, 100_050],
    [
      'a nomination on a slow path: one round trip',
      pair({ rtt: millis(300) }),
      { ...selected, nominating: true },
      100_300,
    ],
    ['a doubted path: at once', pair({ doubtedAt: at(100_300) }), selected, 100_000],
    ['and then: 0.1 s', pair({ doubtedAt: at(100_300), unanswered: 1 }), spare, 100_100],
    ['a lost path: 0.5 s', pair({ state: 'failed' }), selected, 100_500],
    ['a lost path checked anew: 0.5 s', pair({ state: 'in-progress' }), selected, 100_500],
    [
      'a spare path that just failed: 0.5 s',
      pair({ state: 'failed', since: at(100_000) }),
      spare,
      100_500,
    ],
    [
      'one second later: half of that more',
      pair({ state: 'failed', since: at(99_000) }),
      spare,
      101_000,
    ],
    ['100 s later: 5 s', pair({ state: 'failed' }), spare, 105_000],
    [
      '100 s later beside a direct path: 15 s',
      pair({ state: 'failed' }),
      { ...spare, directSelected: true },
      115_000,
    ],
    ['what never answered: 5 s', pair({ state: 'failed', rtt: undefined }), spare, 105_000],
    [
      'what never answered beside a direct path: never',
      pair({ state: 'failed', rtt: undefined }),
      { ...spare, directSelected: true },
      undefined,
    ],
    ['out of turn', pair({ triggeredAt: at(100_007) }), spare, 100_007],
    [
      'what was never probed',
      pair({ state: 'waiting', since: at(7), lastProbeAt: undefined }),
      spare,
      7,
    ],
  ] as const)('probes %s', (_name, progress, standing, due) => {
    expect(probeDueAt(progress, standing)).toBe(due);
  });
});

describe('the end of a path', () => {
  it.each([
    ['before 3 s of silence', 2999, pair({ unanswered: 9 }), false],
    ['after 3 s', 3000, pair({ unanswered: 3 }), true],
    ['with only two probes unanswered', 9000, pair({ unanswered: 2 }), false],
    ['within 6 long round trips', 5999, pair({ unanswered: 9, rtt: millis(1000) }), false],
    ['after 6 long round trips', 6000, pair({ unanswered: 9, rtt: millis(1000) }), true],
  ] as const)('gives a silent path up: %s', (_name, silence, progress, expected) => {
    expect(isExpired(progress, at(100_000 + silence))).toBe(expected);
  });

  it('gives a doubted path up after 0.5 s or 3 round trips', () => {
    const doubted = pair({ unanswered: 3, doubtedAt: at(100_300) });
    expect(isExpired(doubted, at(100_799))).toBe(false);
    expect(isExpired(doubted, at(100_800))).toBe(true);
    const slow = { ...doubted, rtt: millis(300) };
    expect(isExpired(slow, at(101_199))).toBe(false);
    expect(isExpired(slow, at(101_200))).toBe(true);
  });
});
