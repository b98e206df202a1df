import { describe, expect, it } from 'vitest';
import { HumanReporter } from '../../src/cli/human-reporter.ts';
import type { View } from '../../src/cli/view.ts';
import type { PathEvent } from '../../src/client/events.ts';
import { fakeTerminal } from './support/fake-terminal.ts';

const DIRECT: PathEvent = {
  event: 'path',
  kind: 'direct',
  via: 'host',
  local: '192.0.2.1:1',
  remote: '192.0.2.2:2',
  rttMs: 1,
};

function reporter(): { lines: string[]; one: HumanReporter } {
  const lines: string[] = [];
  const view: View = {
    line: (text) => lines.push(text),
    wait: (text) => lines.push(`… ${text}`),
    progress: () => lines.push('progress'),
    hide: () => undefined,
  };
  const options = { role: 'receiver', verbose: false, servers: [] } as const;
  return { lines, one: new HumanReporter(fakeTerminal(), view, options) };
}

describe('while a person is asked something', () => {
  it('nothing is written into the question; it is told after the answer', () => {
    const { lines, one } = reporter();
    one.report({ event: 'peer', state: 'joined' });
    one.pause();
    one.report(DIRECT);
    expect(lines).toEqual(['the sender has joined']);
    one.resume();
    expect(lines).toEqual(['the sender has joined', 'direct connection']);
  });

  it('progress is not kept: what comes next says more', () => {
    const { lines, one } = reporter();
    one.pause();
    one.report({ event: 'progress', bytes: 1, total: 2, rate: 0, etaMs: null });
    one.resume();
    expect(lines).toEqual([]);
  });
});
