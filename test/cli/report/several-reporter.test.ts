import { describe, expect, it } from 'vitest';
import { pickViews } from '../../../src/cli/report/pick-view.ts';
import { ReceiverBoard } from '../../../src/cli/report/receiver-board.ts';
import { SeveralReporter } from '../../../src/cli/report/several-reporter.ts';
import type { TransferEvent } from '../../../src/client/api/events.ts';
import { fakeTerminal } from '../support/fake-terminal.ts';

const OPTIONS = { role: 'sender', verbose: false, servers: [] } as const;

describe('several receivers in a log', () => {
  it('are told of line by line, each under its number, and summed up at the end', () => {
    const { lines, report } = logged();
    report({ event: 'peer', state: 'joined', receiver: 1 });
    report({ event: 'peer', state: 'joined', receiver: 2 });
    report({ ...progress(60), receiver: 2 });
    report({ ...progress(10), receiver: 1 });
    report({ event: 'file', path: 'a.bin', bytes: 100, status: 'sent', receiver: 2 });
    report({
      event: 'receiver',
      state: 'done',
      bytes: 100,
      travelledBytes: 100,
      ms: 100,
      path: 'direct',
      receiver: 2,
    });
    const failed = { event: 'receiver', state: 'failed', code: 'P2P_DECLINED' } as const;
    report({ ...failed, message: 'declined', receiver: 1 });
    report({ event: 'done', bytes: 100, travelledBytes: 100, ms: 2000, path: 'direct' });
    expect(lines()).toEqual([
      'receiver 1: the receiver has joined',
      'receiver 2: the receiver has joined',
      'receiver 2: 60%  10 B/s  60 B/100 B',
      'receiver 1: 10%  10 B/s  10 B/100 B',
      'receiver 2: sent a.bin: 100 B in 0.1 s, 1.0 kB/s, direct',
      'receiver 1: the offer was declined',
      'sent to 1 receiver: 100 B in 2.0 s',
    ]);
  });
});

describe('several receivers on a terminal', () => {
  it('stand side by side in one line, below the lines that stay', () => {
    const { lines, board } = boarded();
    board.viewOf(1).wait('connecting');
    board.viewOf(2).progress({ ...progress(50), path: 'direct' });
    board.viewOf(2).line('it moves again');
    board.viewOf(1).hide();
    board.viewOf(2).hide();
    expect(lines).toEqual([
      '… 1: connecting',
      '… 1: connecting  2: 50% 10 B/s',
      'receiver 2: it moves again',
      '… 1: connecting  2: 50% 10 B/s',
      '… 2: 50% 10 B/s',
      '… waiting for receivers',
    ]);
  });

  it('are counted where they do not fit', () => {
    const { lines, board } = boarded();
    for (const receiver of [1, 2, 3, 4, 5, 6]) board.viewOf(receiver).wait('connecting');
    expect(lines.at(-1)).toMatch(/^… 1: .*2: .*3: .*4: connecting {2}and 2 more$/);
  });
});

function progress(bytes: number) {
  return { event: 'progress', bytes, total: 100, rate: 10, etaMs: null } as const;
}

function logged() {
  const terminal = fakeTerminal();
  const reporter = new SeveralReporter(terminal, pickViews(terminal), OPTIONS);
  return {
    report: (event: TransferEvent) => reporter.report(event),
    lines: () => terminal.written.stderr.trimEnd().split('\n'),
  };
}

function boarded() {
  const lines: string[] = [];
  const board = new ReceiverBoard({
    line: (text) => lines.push(text),
    wait: (text) => lines.push(`… ${text}`),
    progress: () => undefined,
    hide: () => undefined,
  });
  return { lines, board };
}
