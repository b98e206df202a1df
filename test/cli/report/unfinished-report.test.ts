import { describe, expect, it } from 'vitest';
import { unfinishedReport, unfinishedSummary } from '../../../src/cli/report/unfinished-report.ts';
import type { UnfinishedTransfer } from '../../../src/client/api/unfinished-transfers.ts';

const HOUR = 3_600_000;
const NOW = 1_000 * HOUR;
const SENDING: UnfinishedTransfer = {
  id: '01234567',
  direction: 'send',
  state: 'interrupted',
  name: 'report.pdf',
  bytes: 2_000_000,
  place: '/home/me/report.pdf',
  startedAt: NOW - 5 * 60_000,
  expiresAt: NOW + 23 * HOUR,
};

describe('the report of unfinished transfers', () => {
  it('says what, where, in which state, and for how long', () => {
    const receiving = {
      ...SENDING,
      id: 'fedcba98',
      direction: 'receive',
      state: 'expired',
      place: '/home/me/in',
      startedAt: NOW - 72 * HOUR,
    } as const;
    expect(unfinishedReport([SENDING, receiving], NOW)).toBe(
      [
        '01234567  send report.pdf (2.0 MB) from /home/me/report.pdf',
        '          interrupted, begun 5 min ago, can go on for 23 h',
        'fedcba98  receive report.pdf (2.0 MB) to /home/me/in',
        '          too old to go on, begun 3 d ago',
        '',
      ].join('\n'),
    );
  });

  it('says how much of it is here', () => {
    const receiving = { ...SENDING, direction: 'receive', arrived: 1_500_000 } as const;
    expect(unfinishedReport([receiving], NOW)).toContain('interrupted with 1.5 MB here, begun');
  });

  it('does without what nobody knows yet, and with a clock that was set back', () => {
    const waiting = { ...SENDING, state: 'waiting', name: null, bytes: null } as const;
    expect(unfinishedReport([waiting], NOW - 10 * 24 * HOUR)).toBe(
      [
        '01234567  send from /home/me/report.pdf',
        '          waiting for its receiver, begun 0 min ago, can go on for 11 d',
        '',
      ].join('\n'),
    );
  });

  it('shows names that strangers chose as they may be shown', () => {
    const name = '\u001b[2Jx\u202e';
    expect(unfinishedSummary({ ...SENDING, name })).toBe(
      'send \\u{1b}[2Jx\\u{202e} (2.0 MB) from /home/me/report.pdf',
    );
  });
});
