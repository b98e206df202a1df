import { describe, expect, it } from 'vitest';
import {
  nextPairState,
  PAIR_EVENTS,
  PAIR_STATES,
  PAIR_TRANSITIONS,
} from '../../../src/protocol/path/pair-state.ts';

describe('pair state', () => {
  it('moves as the whole matrix says', () => {
    const row = (cells: readonly string[]) =>
      cells
        .map((cell) => cell.padEnd(12))
        .join('')
        .trimEnd();
    const matrix = [
      row(['', ...PAIR_EVENTS]),
      ...PAIR_STATES.map((state) =>
        row([state, ...PAIR_EVENTS.map((event) => PAIR_TRANSITIONS[state][event] ?? '-')]),
      ),
    ];
    expect(matrix).toEqual([
      '            probe-sent  answered    triggered   expired',
      'waiting     in-progress succeeded   waiting     -',
      'in-progress in-progress succeeded   in-progress failed',
      'succeeded   succeeded   succeeded   succeeded   failed',
      'failed      failed      succeeded   waiting     -',
    ]);
  });

  it('throws on what cannot happen', () => {
    expect(() => nextPairState('waiting', 'expired')).toThrow('unreachable: expired');
  });
});
