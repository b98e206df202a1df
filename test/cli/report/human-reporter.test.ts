import { describe, expect, it } from 'vitest';
import { HumanReporter } from '../../../src/cli/report/human-reporter.ts';
import type { View } from '../../../src/cli/report/view.ts';
import type { PathEvent, StatusEvent } from '../../../src/client/api/events.ts';
import { fakeTerminal } from '../support/fake-terminal.ts';

const DIRECT: PathEvent = {
  event: 'path',
  kind: 'direct',
  via: 'host',
  local: '192.0.2.1:1',
  remote: '192.0.2.2:2',
  rttMs: 1,
};

function silence(silentMs: number): StatusEvent {
  return { event: 'status', phase: 'reconnecting', silentMs, remainingMs: 600_000 - silentMs };
}

function reporter(): { lines: string[]; one: HumanReporter } {
  const lines: string[] = [];
  const view: View = {
    line: (text) => lines.push(text),
    wait: (text, detail) => lines.push(`… ${text}${detail === undefined ? '' : ` (${detail})`}`),
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
    one.report({ event: 'ticket', state: 'unavailable', reason: 'read-only' });
    expect(lines).toEqual(['the sender has joined']);
    one.resume();
    expect(lines).toEqual([
      'the sender has joined',
      'nothing can be kept to go on with after an interruption',
    ]);
  });

  it('a silence is not counted; whoever is still silent then is told of', () => {
    const { lines, one } = reporter();
    one.pause();
    one.report(silence(5000));
    one.report(silence(6000));
    one.resume();
    expect(lines).toEqual([]);
  });

  it('progress is not kept: what comes next says more', () => {
    const { lines, one } = reporter();
    one.pause();
    one.report({ event: 'progress', bytes: 1, total: 2, rate: 0, etaMs: null });
    one.resume();
    expect(lines).toEqual([]);
  });
});

describe('while the other side is missing', () => {
  it('a clock is shown, and then one line says that it is over', () => {
    const { lines, one } = reporter();
    one.report({ event: 'status', phase: 'transferring' });
    one.report(silence(5000));
    one.report(silence(65_000));
    one.report({ event: 'status', phase: 'transferring' });
    one.report({ event: 'status', phase: 'verifying' });
    expect(lines).toEqual([
      '… starting',
      '… waiting for the sender to come back (silent for 0:05, giving up in 9:55)',
      '… waiting for the sender to come back (silent for 1:05, giving up in 8:55)',
      'the sender is back after 1:05',
      '… verifying',
    ]);
  });

  it('what else was awaited is shown again afterwards', () => {
    const { lines, one } = reporter();
    one.report(silence(5000));
    one.report({ event: 'status', phase: 'connecting' });
    expect(lines.slice(1)).toEqual(['the sender is back after 0:05', '… connecting']);
  });
});

describe('a change of path', () => {
  it('is told in a line each, but for another port of the same address', () => {
    const { lines, one } = reporter();
    const relay = {
      ...DIRECT,
      kind: 'relay',
      via: 'relay-udp',
      remote: '198.51.100.1:9420',
    } as const;
    one.report({ event: 'status', phase: 'transferring' });
    one.report(relay);
    one.report(DIRECT);
    one.report({ ...DIRECT, remote: '192.0.2.2:3' });
    one.report({ ...DIRECT, remote: '[2001:db8::2]:3' });
    one.report(relay);
    one.report({ ...relay, remote: '198.51.100.2:9420' });
    expect(lines).toEqual([
      '… starting',
      'connection through the relay',
      'now direct connection',
      'now another direct connection',
      'now connection through the relay',
      'now connection through another relay',
    ]);
  });

  it('before data flows is not told: what counts is the path by which it does', () => {
    const { lines, one } = reporter();
    one.report(DIRECT);
    one.report({ ...DIRECT, kind: 'relay', via: 'relay-udp', remote: '198.51.100.1:9420' });
    one.report({ ...DIRECT, remote: '[2001:db8::2]:3' });
    expect(lines).toEqual([]);
    one.report({ event: 'status', phase: 'transferring' });
    one.report({ event: 'progress', bytes: 0, total: 1, rate: 0, etaMs: null });
    expect(lines).toEqual(['direct connection', '… starting', 'progress']);
  });
});

describe('the end of a transfer', () => {
  const DONE = { event: 'done', bytes: 4_000_000, ms: 2000, path: 'direct' } as const;

  it('tells how much travelled where that was clearly less', () => {
    const { lines, one } = reporter();
    one.report({ event: 'file', path: 'a', bytes: 4_000_000, status: 'written' });
    one.report({ ...DONE, travelledBytes: 1_000_000 });
    expect(lines).toEqual([
      'received a: 4.0 MB in 2.0 s (1.0 MB over the network, 500.0 kB/s), direct',
    ]);
  });

  it('does not where it was about the same', () => {
    const { lines, one } = reporter();
    one.report({ event: 'file', path: 'a', bytes: 4_000_000, status: 'written' });
    one.report({ ...DONE, travelledBytes: 3_900_000 });
    expect(lines).toEqual(['received a: 4.0 MB in 2.0 s, 2.0 MB/s, direct']);
  });

  it('says that nothing was new, where nothing was', () => {
    const { lines, one } = reporter();
    for (const path of ['a', 'b']) {
      one.report({ event: 'file', path, bytes: 2_000_000, status: 'unchanged' });
    }
    one.report({ ...DONE, travelledBytes: 500 });
    expect(lines).toEqual([
      'unchanged a and 1 more: 4.0 MB in 2.0 s (500 B over the network, 250 B/s), direct',
    ]);
  });

  it('speaks of what was received where anything was new', () => {
    const { lines, one } = reporter();
    one.report({ event: 'file', path: 'a', bytes: 2_000_000, status: 'unchanged' });
    one.report({ event: 'file', path: 'b', bytes: 2_000_000, status: 'merged' });
    one.report({ ...DONE, travelledBytes: 3_900_000 });
    expect(lines).toEqual(['received a and 1 more: 4.0 MB in 2.0 s, 2.0 MB/s, direct']);
  });
});

it('names the first of several at the end, as the offer did', () => {
  const { lines, one } = reporter();
  for (const path of ['a.txt', 'b.txt', 'c.txt']) {
    one.report({ event: 'file', path, bytes: 1, status: 'written' });
  }
  one.report({ event: 'done', bytes: 3, travelledBytes: 3, ms: 0, path: 'direct' });
  expect(lines).toEqual(['received a.txt and 2 more: 3 B in 0.0 s, direct']);
});
