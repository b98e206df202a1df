import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { progressLine } from '../../../src/cli/report/progress-line.ts';
import { columnsOf } from '../../../src/protocol/display.ts';

const HALF = { bytes: 500, total: 1_000, rate: 250, etaMs: 2_000, path: 'direct' };

describe('progressLine', () => {
  it('shows everything, with a bar, where there is room', () => {
    expect(progressLine(HALF, 80)).toBe(
      ' 50% [===============               ]  250 B/s  eta 0:02  500 B/1.0 kB  direct',
    );
  });

  it('narrows the bar first, then drops it', () => {
    expect(progressLine(HALF, 60)).toBe(
      ' 50% [======      ]  250 B/s  eta 0:02  500 B/1.0 kB  direct',
    );
    expect(progressLine(HALF, 50)).toBe(' 50%  250 B/s  eta 0:02  500 B/1.0 kB  direct');
  });

  it('keeps what matters most on a very narrow terminal', () => {
    expect(progressLine(HALF, 24)).toBe(' 50%  250 B/s  eta 0:02');
    expect(progressLine(HALF, 10)).toBe(' 50%');
  });

  it('does not promise a time that it does not know', () => {
    expect(progressLine({ ...HALF, etaMs: null }, 80)).not.toContain('eta');
  });

  it('says 100 % only when all is there, and at once for an empty file', () => {
    expect(progressLine({ ...HALF, bytes: 999 }, 10)).toBe(' 99%');
    expect(progressLine({ ...HALF, bytes: 0, total: 0 }, 10)).toBe('100%');
  });

  it('shows which of several it is at, where there is room', () => {
    const state = { ...HALF, current: { name: 'a\u202eb/c.txt', number: 2, of: 30 } };
    expect(progressLine(state, 110)).toBe(
      ' 50% [===============               ]  250 B/s  eta 0:02  500 B/1.0 kB  direct  2/30  a\\u{202e}b/c.txt',
    );
    expect(progressLine(state, 60)).toBe(' 50%  250 B/s  eta 0:02  500 B/1.0 kB  direct  2/30');
  });

  it('shows a name that takes more characters than columns, as those of macOS do', () => {
    const name = 'Pru\u0308fungsergebnisse fu\u0308r Ma\u0308rz.pdf';
    const state = { ...HALF, current: { name, number: 2, of: 30 } };
    expect(progressLine(state, 117).endsWith(`2/30  ${name}`)).toBe(true);
  });

  it('never exceeds the terminal', () => {
    const state = fc.record({
      bytes: fc.nat(),
      total: fc.nat(),
      rate: fc.nat(),
      etaMs: fc.option(fc.nat()),
      path: fc.constantFrom('', 'direct', 'relay'),
    });
    const current = fc.option(fc.record({ name: fc.string(), number: fc.nat(), of: fc.nat() }));
    fc.assert(
      fc.property(state, current, fc.integer({ min: 1, max: 200 }), (any, file, columns) => {
        const all = file === null ? any : { ...any, current: file };
        expect(columnsOf(progressLine(all, columns))).toBeLessThanOrEqual(columns);
      }),
    );
  });
});
