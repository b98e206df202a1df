import { describe, expect, it } from 'vitest';
import { Silence } from '../../../src/protocol/session/silence.ts';
import { instant } from '../../../src/protocol/time.ts';

/** Time as a shell lets it pass: from deadline to deadline, up to `until`. */
function pass(silence: Silence, until: number): void {
  for (let next = silence.deadline; next !== undefined && next <= until; next = silence.deadline) {
    silence.handleTimeout(next);
  }
}

function told(silence: Silence): unknown[] {
  const events: unknown[] = [];
  for (let event = silence.pollEvent(); event; event = silence.pollEvent()) events.push(event);
  return events;
}

/** The silence after the first sign of the peer, which is told. */
function heardAt(time: number): Silence {
  const silence = new Silence(instant(0));
  silence.heard(instant(time));
  expect(told(silence)).toEqual([{ kind: 'heard' }]);
  return silence;
}

const QUIET = { kind: 'quiet' };
const MISSING = { kind: 'missing', since: 100, until: 600_100 };

describe('the silence of a peer', () => {
  it('is quiet after a second, missing after five, and over after ten minutes', () => {
    const silence = heardAt(100);
    pass(silence, 1099);
    expect(told(silence)).toEqual([]);
    pass(silence, 1100);
    expect(told(silence)).toEqual([QUIET]);
    pass(silence, 5099);
    expect(told(silence)).toEqual([]);
    pass(silence, 600_099);
    expect(told(silence)).toEqual([MISSING]);
    pass(silence, 600_100);
    expect(told(silence)).toEqual([{ kind: 'gone', everHeard: true }]);
    expect(silence.deadline).toBeUndefined();
  });

  it('ends with any sign of it, and is told anew the next time', () => {
    const silence = heardAt(100);
    pass(silence, 60_000);
    silence.heard(instant(60_000));
    silence.heard(instant(60_001));
    pass(silence, 66_000);
    expect(told(silence)).toEqual([
      QUIET,
      MISSING,
      { kind: 'back' },
      QUIET,
      { kind: 'missing', since: 60_001, until: 660_001 },
    ]);
  });

  it('is borne for 45 s where there was never a sign, and nobody is missed', () => {
    const silence = new Silence(instant(0));
    pass(silence, 44_999);
    expect(told(silence)).toEqual([]);
    pass(silence, 45_000);
    expect(told(silence)).toEqual([{ kind: 'gone', everHeard: false }]);
  });

  it('is not held against it while we could not listen', () => {
    const silence = heardAt(100);
    silence.forgive(instant(900_000));
    silence.handleTimeout(instant(900_000));
    expect(told(silence)).toEqual([]);
    pass(silence, 905_000);
    expect(told(silence)).toEqual([QUIET, { kind: 'missing', since: 100, until: 1_500_000 }]);
    silence.forgive(instant(1_000_000));
    expect(told(silence)).toEqual([{ kind: 'missing', since: 100, until: 1_600_000 }]);
  });
});
