import { setImmediate as turn } from 'node:timers/promises';
import { describe, expect, it } from 'vitest';
import { LiveView } from '../../../src/cli/report/live-view.ts';
import { pickViews } from '../../../src/cli/report/pick-view.ts';
import { PlainView } from '../../../src/cli/report/plain-view.ts';
import { fakeTerminal } from '../support/fake-terminal.ts';

const STATE = { bytes: 500, total: 1_000, rate: 250, etaMs: 2_000, path: 'relay' };

describe('LiveView', () => {
  it('spins while something is awaited and leaves nothing behind', () => {
    const { terminal, view } = liveView();
    view.wait('waiting for the receiver');
    expect(terminal.written.stderr).toContain('waiting for the receiver');
    view.hide();
    expect(screen(terminal.written.stderr)).toEqual(['']);
  });

  it('lets what changes about a wait change in place', () => {
    const { terminal, view } = liveView();
    view.wait('waiting', 'for 0:05');
    view.wait('waiting', 'for 0:06');
    view.line('back');
    expect(terminal.written.stderr).toContain('waiting (for 0:05)');
    expect(screen(terminal.written.stderr)).toEqual(['back', '']);
  });

  it('shows a bar while data flows, and lines above it', () => {
    const { terminal, view } = liveView();
    view.wait('starting');
    view.progress(STATE);
    expect(screen(terminal.written.stderr).join('')).toContain('50% [===');
    view.line('now direct connection');
    view.progress({ ...STATE, bytes: 750, path: 'direct' });
    expect(screen(terminal.written.stderr)[0]).toBe('now direct connection');
    expect(screen(terminal.written.stderr)[1]).toMatch(/75% .* direct$/);
    view.hide();
    expect(screen(terminal.written.stderr)).toEqual(['now direct connection', '']);
  });

  it.each([20, 40])('stays within %i columns', (columns) => {
    const { terminal, view } = liveView({}, columns);
    view.progress(STATE);
    for (const line of screen(terminal.written.stderr)) {
      expect(line.length).toBeLessThanOrEqual(columns);
    }
    view.hide();
  });

  it('keeps the process alive no longer than it is shown', async () => {
    const { view } = liveView();
    const before = timers();
    view.wait('starting');
    expect(timers()).toBeGreaterThan(before);
    view.progress(STATE);
    view.hide();
    await turn();
    expect(timers()).toBe(before);
  });

  it('leaves the cursor, the line wrapping and, with NO_COLOR, the colours alone', () => {
    const { terminal, view } = liveView({ NO_COLOR: '1' });
    view.wait('starting');
    view.progress(STATE);
    view.hide();
    // biome-ignore lint/suspicious/noControlCharactersInRegex: escape sequences are what this is about
    expect(terminal.written.stderr).not.toMatch(/\x1b\[(\?25|\?7|[0-9;]*m)/);
  });
});

describe('pickViews', () => {
  it.each([
    [{ tty: true }, LiveView],
    [{ tty: false }, PlainView],
    [{ tty: true, env: { TERM: 'dumb' } }, PlainView],
    [{ tty: true, columns: 0 }, PlainView],
  ])('takes for %j what can be shown there', (options, View) => {
    expect(pickViews(fakeTerminal(options)).all).toBeInstanceOf(View);
  });
});

function liveView(env: Record<string, string> = {}, columns = 80) {
  const terminal = fakeTerminal({ tty: true, columns, env });
  return { terminal, view: new LiveView(terminal.stderr, terminal.env) };
}

function timers(): number {
  return process.getActiveResourcesInfo().filter((name) => name === 'Timeout').length;
}

/** What is left on the screen: as much of a terminal as spinners and bars use. */
function screen(written: string): string[] {
  const lines = [''];
  let column = 0;
  const current = () => lines[lines.length - 1] ?? '';
  const show = (line: string) => {
    lines[lines.length - 1] = line;
  };
  // biome-ignore lint/suspicious/noControlCharactersInRegex: escape sequences are what this is about
  for (const [token, to, end] of written.matchAll(/\x1b\[\??(\d*)([A-Za-z])|\x1b[78]|[^\x1b]/gu)) {
    if (token === '\n') {
      lines.push('');
      column = 0;
    } else if (end === 'G') column = Number(to) - 1;
    else if (end === 'K') show(to === '2' ? '' : current().slice(0, column));
    else if (!token.startsWith('\x1b')) {
      show(current().slice(0, column).padEnd(column) + token + current().slice(column + 1));
      column++;
    }
  }
  return lines;
}
